import type { Finding } from './finding.ts';
import type { Probe } from './probe-exporter.ts';

const GRPC_PORT = '4317';

/** What is wrong with a receiver's response. */
export function exporterFindings({ url, status, error }: Probe): Finding[] {
  if (status !== undefined && status >= 200 && status < 300) return [];
  if (new URL(url).port === GRPC_PORT)
    return [
      {
        id: 'exporter-grpc',
        problem: `${url} is the port of OTLP over gRPC; Clew sends OTLP over HTTP`,
        advice: 'Use the port for HTTP, by default 4318, in OTEL_EXPORTER_OTLP_ENDPOINT.',
      },
    ];
  if (status === undefined)
    return [
      {
        id: 'exporter-unreachable',
        problem: `spans can't be sent to ${url}: ${error}`,
        advice: 'Start a receiver there (npx clew view), or set OTEL_EXPORTER_OTLP_ENDPOINT to its address.',
      },
    ];
  return [
    { id: 'exporter-status', problem: `${url} responds with status ${status}`, advice: adviceFor(status) },
  ];
}

function adviceFor(status: number): string {
  if (status === 401 || status === 403 || status === 407)
    return 'Set the credentials: OTEL_EXPORTER_OTLP_HEADERS="authorization=…"';
  if (status === 404 || status === 405)
    return 'Correct the path: /v1/traces is appended to OTEL_EXPORTER_OTLP_ENDPOINT, not to OTEL_EXPORTER_OTLP_TRACES_ENDPOINT.';
  if (status >= 300 && status < 400)
    return 'Set OTEL_EXPORTER_OTLP_ENDPOINT to the final address: redirects are not followed.';
  if (status === 400 || status === 415)
    return 'Check that the address is that of an OTLP/HTTP receiver, and OTEL_EXPORTER_OTLP_PROTOCOL.';
  return "Check the receiver's log: it is overloaded, or has failed.";
}
