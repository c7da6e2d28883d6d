import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type OtlpFormat, openRequest, otlpFormat } from './decode-traces.ts';
import { BodyMemory, RequestError, readBody } from './http-body.ts';
import { keepSpans } from './keep-spans.ts';
import { OtlpError } from './otlp-limits.ts';
import { exportResponse, statusBody } from './otlp-response.ts';
import { isLiteralHost, respondToQuery } from './query-api.ts';
import type { AdaptiveOptions } from './sampling/adaptive-sampling.ts';
import { sendError } from './sampling/http-json.ts';
import type { PoliciesInForce } from './sampling/policy-file.ts';
import { SamplingServer } from './sampling/sampling-server.ts';
import type { SpanRecord } from './span-record.ts';
import { TraceStore } from './store.ts';

/** Options of `startCollector`. */
export interface CollectorOptions {
  /** [0, 65535], default 4318, as for OTLP/HTTP; 0 selects a free port. */
  readonly port?: number;
  /** The address to listen on. Default 127.0.0.1: reachable from this machine only. */
  readonly host?: string;
  /** The file to store traces in, created if necessary. Default: in memory. */
  readonly store?: string;
  /** Maximum size of the store in MiB, at least 1; the oldest traces are removed. Default 256. */
  readonly maxMb?: number;
  /** Maximum bytes of a request's body, before and after decompression. Default 16 MiB. */
  readonly maxBodyBytes?: number;
  /**
   * Maximum bytes of all bodies in flight together; further requests get 503, so that the sender retries. At least
   * `maxBodyBytes`; default four times that.
   */
  readonly maxBodiesBytes?: number;
  /**
   * A file with sampling policies, JSON or YAML, which is watched. Serves them at `/v1/sampling/policies`, and translated
   * at `/sampling?service=NAME`, for Jaeger's remote samplers.
   */
  readonly policies?: string;
  /** Serves `GET /sampling?service=NAME`, for Jaeger's remote samplers, with probabilities from received spans. */
  readonly adaptive?: AdaptiveOptions;
  /** Called with each later set of `policies`. What is wrong with one is logged through `diag`. */
  readonly onPolicies?: (inForce: PoliciesInForce) => void;
  /** Called with valid spans after they were stored, in parts for a large request. */
  readonly onSpans?: (spans: readonly SpanRecord[]) => void;
}

/** A running collector. */
export interface Collector {
  /** A value for `OTEL_EXPORTER_OTLP_ENDPOINT`, such as `http://127.0.0.1:4318`. */
  readonly url: string;
  readonly port: number;
  readonly store: TraceStore;
  /** The policies in force; `undefined` without the option. */
  readonly policies: PoliciesInForce | undefined;
  /** Stops listening, closes open connections and the store. */
  close(): Promise<void>;
}

const SIGNALS = new Set(['/v1/traces', '/v1/metrics', '/v1/logs']);
const FORBIDDEN = 'expected an IP address or localhost in Host, and no Origin';
const INVALID_IDS = 'spans without a valid trace id and span id were dropped';

/**
 * Starts an OTLP/HTTP receiver with a store and a query API. Rejects if the port is in use, the store cannot be
 * opened, or the policies are invalid.
 *
 * @example
 * const collector = await startCollector({ port: 0 });
 * // … an application exports to collector.url …
 * const [summary] = collector.store.traces({ limit: 1 });
 * await collector.close();
 */
export async function startCollector(options: CollectorOptions = {}): Promise<Collector> {
  const { port = 4318, host = '127.0.0.1', store: file, maxMb, maxBodyBytes = 16 * 1024 * 1024 } = options;
  const { maxBodiesBytes = 4 * maxBodyBytes } = options;
  if (!(maxBodiesBytes >= maxBodyBytes))
    throw new RangeError(
      `@clew/viewer: expected maxBodiesBytes of at least ${maxBodyBytes}, got ${maxBodiesBytes}`,
    );
  const memory = new BodyMemory(maxBodiesBytes);
  const isLocal = isLoopback(host);
  const { policies, adaptive, onPolicies } = options;
  const sampling = new SamplingServer({ policies, adaptive, onPolicies });
  const store = new TraceStore({ ...(file && { file }), ...(maxMb !== undefined && { maxMb }) });
  const onSpans = (spans: readonly SpanRecord[]) => {
    sampling.add(spans);
    options.onSpans?.(spans);
  };
  const server = createServer({ requestTimeout: 60_000 }, (request, response) => {
    route(request, response, { store, sampling, maxBodyBytes, memory, isLocal, onSpans }).catch(() =>
      response.destroy(),
    );
  });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
  } catch (error) {
    store.close();
    throw error;
  }
  sampling.start();
  const address = server.address() as AddressInfo;
  return {
    url: `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`,
    port: address.port,
    store,
    get policies() {
      return sampling.inForce;
    },
    close: () =>
      new Promise((resolve) => {
        sampling.close();
        server.close(() => {
          store.close();
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

interface Receiver {
  readonly store: TraceStore;
  readonly sampling: SamplingServer;
  readonly maxBodyBytes: number;
  readonly memory: BodyMemory;
  /** Whether the receiver is reachable from this machine only. */
  readonly isLocal: boolean;
  readonly onSpans: (spans: readonly SpanRecord[]) => void;
}

async function route(request: IncomingMessage, response: ServerResponse, receiver: Receiver): Promise<void> {
  const url = new URL(`http://collector${request.url}`);
  if (SIGNALS.has(url.pathname)) await receive(url.pathname, request, response, receiver);
  else if (receiver.sampling.serves(url.pathname)) {
    if (isFromProgram(request, receiver.isLocal)) receiver.sampling.respond(url, request, response);
    else sendError(response, 403, FORBIDDEN);
  } else respondToQuery(url, request, response, receiver.store);
  // Discard the unread rest of the body, so that the sender proceeds to read the response.
  request.resume();
}

async function receive(
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
  { store, maxBodyBytes, memory, isLocal, onSpans }: Receiver,
): Promise<void> {
  const format = otlpFormat(request.headers['content-type']);
  try {
    if (request.method !== 'POST') {
      response.setHeader('allow', 'POST');
      throw new RequestError(405, `expected POST, got ${request.method}`);
    }
    if (!isFromProgram(request, isLocal)) throw new RequestError(403, FORBIDDEN);
    if (format === undefined) {
      const type = JSON.stringify(request.headers['content-type'] ?? '');
      throw new RequestError(
        415,
        `expected content-type application/x-protobuf or application/json, got ${type}`,
      );
    }
    const body = await readBody(request, maxBodyBytes, memory);
    try {
      let rejected = 0;
      if (path === '/v1/traces') {
        rejected = await keepSpans(openRequest(body.bytes, format), (spans) => {
          store.add(spans);
          if (spans.length > 0) onSpans(spans);
        });
      }
      respond(response, 200, format, exportResponse(format, rejected, INVALID_IDS));
    } finally {
      body.free();
    }
  } catch (error) {
    const { status, message } = failure(error);
    if (status === 503) response.setHeader('retry-after', '1');
    respond(response, status, format ?? 'json', statusBody(format ?? 'json', message));
  }
}

/**
 * A web page must not write traces or read policies, neither directly nor through a host name that resolves to this machine (DNS
 * rebinding); browsers send an Origin. If other machines may send, any Host is accepted.
 */
function isFromProgram({ headers }: IncomingMessage, isLocal: boolean): boolean {
  return headers.origin === undefined && (!isLocal || isLiteralHost(headers.host));
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

function failure(error: unknown): { status: number; message: string } {
  if (error instanceof RequestError) return error;
  if (error instanceof OtlpError) return { status: 400, message: error.message };
  // The store failed: no space, or its file is locked. The sender may retry.
  return { status: 503, message: `not stored: ${(error as Error).message}` };
}

function respond(response: ServerResponse, status: number, format: OtlpFormat, body: Buffer): void {
  if (response.headersSent) return;
  const type = format === 'json' ? 'application/json' : 'application/x-protobuf';
  response.writeHead(status, { 'content-type': type, 'content-length': body.length });
  response.end(body);
}
