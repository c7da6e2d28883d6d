import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { ReportedExporter } from './observation.ts';

const DEFAULT_URL = 'http://localhost:4318/v1/traces';
const TIMEOUT_MS = 3000;

/** How a receiver responded to a request without spans. */
export interface Probe {
  /** Without user name and password. */
  readonly url: string;
  readonly status?: number;
  /** Why the status is missing. */
  readonly error?: string;
}

/** Sends a request without spans as the exporter would. Never rejects; takes at most 3 seconds. */
export function probeExporter({
  url = DEFAULT_URL,
  protocol,
  headers,
  ca,
}: ReportedExporter): Promise<Probe> {
  const isJson = protocol === 'http/json';
  const body = isJson ? '{"resourceSpans":[]}' : '';
  const target = new URL(url);
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  const request = target.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve) => {
    const fail = (error: NodeJS.ErrnoException) => resolve({ url: shown.href, error: reasonOf(error) });
    try {
      const sent = request(
        target,
        {
          method: 'POST',
          headers: {
            'content-type': isJson ? 'application/json' : 'application/x-protobuf',
            'content-length': body.length,
            ...headers,
          },
          ...(ca !== undefined && { ca }),
          agent: false,
          signal: AbortSignal.timeout(TIMEOUT_MS),
        },
        (response) => {
          response.resume();
          response.on('error', () => {});
          resolve({ url: shown.href, status: response.statusCode ?? 0 });
          sent.destroy();
        },
      );
      sent.on('error', fail);
      sent.end(body);
    } catch (error) {
      fail(error as NodeJS.ErrnoException);
    }
  });
}

function reasonOf(error: NodeJS.ErrnoException): string {
  if (error.name === 'AbortError') return `no response within ${TIMEOUT_MS / 1000} seconds`;
  const { errors } = error as { errors?: readonly NodeJS.ErrnoException[] };
  return errors?.[0]?.message ?? (error.message || error.code) ?? 'unknown error';
}
