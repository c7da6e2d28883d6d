import { createServer, type IncomingMessage, type ServerOptions, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { diag } from '@opentelemetry/api';
import { CrossOrigin } from './cross-origin.ts';
import { BodyMemory } from './http-body.ts';
import { MAX_BODY_BYTES } from './otlp-limits.ts';
import { pageHtml } from './page.ts';
import { sendPage } from './page-response.ts';
import { respondToQuery } from './query-api.ts';
import { FORBIDDEN, isFromProgram, type OtlpReceiver, receiveOtlp } from './receive-otlp.ts';
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
  /** Maximum age of a trace in hours, at least 0.01. Default: no maximum. */
  readonly maxAgeHours?: number;
  /** Maximum bytes of a request's body, before and after decompression; a quarter of them in JSON. Default 16 MiB. */
  readonly maxBodyBytes?: number;
  /**
   * Maximum bytes of all bodies in flight together; further requests get 503, so that the sender retries. At least
   * `maxBodyBytes`; default four times that.
   */
  readonly maxBodiesBytes?: number;
  /** Maximum time for a request to arrive: whole milliseconds, [1, 2147483647]. Default 60,000. */
  readonly requestTimeoutMs?: number;
  /**
   * A file with sampling policies, JSON or YAML, which is watched. Serves them at `/v1/sampling/policies`, and translated
   * at `/sampling?service=NAME`, for Jaeger's remote samplers.
   */
  readonly policies?: string;
  /** Serves `GET /sampling?service=NAME`, for Jaeger's remote samplers, with probabilities from received spans. */
  readonly adaptive?: AdaptiveOptions;
  /**
   * The origins of web pages that may send spans, such as `http://localhost:3000`. Throws RangeError for anything that is not
   * an origin. Default: none.
   */
  readonly allowedOrigins?: readonly string[];
  /** Serves a page that shows the traces, at `/`. Default false. */
  readonly page?: boolean;
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
  /** How many log records were not stored, because they belong to no trace. */
  readonly logsWithoutTrace: number;
  /** The policies in force; `undefined` without the option. */
  readonly policies: PoliciesInForce | undefined;
  /** Stops listening, closes open connections and the store. */
  close(): Promise<void>;
}

const TRIM_INTERVAL_MS = 30_000;
const MAX_TIMEOUT_MS = 2 ** 31 - 1;
const SIGNALS = new Set(['/v1/traces', '/v1/metrics', '/v1/logs']);

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
  const { port = 4318, host = '127.0.0.1', store: file, maxMb, maxAgeHours } = options;
  const { maxBodyBytes = MAX_BODY_BYTES, requestTimeoutMs = 60_000 } = options;
  const { maxBodiesBytes = 4 * maxBodyBytes } = options;
  if (!(maxBodiesBytes >= maxBodyBytes))
    throw new RangeError(
      `@clew/viewer: expected maxBodiesBytes of at least ${maxBodyBytes}, got ${maxBodiesBytes}`,
    );
  if (!Number.isInteger(requestTimeoutMs) || requestTimeoutMs < 1 || requestTimeoutMs > MAX_TIMEOUT_MS)
    throw new RangeError(
      `@clew/viewer: expected requestTimeoutMs in [1, ${MAX_TIMEOUT_MS}], got ${requestTimeoutMs}`,
    );
  const memory = new BodyMemory(maxBodiesBytes);
  const isLocal = isLoopback(host);
  const crossOrigin = new CrossOrigin(options.allowedOrigins);
  const { policies, adaptive, onPolicies } = options;
  const sampling = new SamplingServer({ policies, adaptive, onPolicies });
  const store = new TraceStore({
    ...(file && { file }),
    ...(maxMb !== undefined && { maxMb }),
    ...(maxAgeHours !== undefined && { maxAgeHours }),
  });
  const trimming =
    maxAgeHours === undefined ? undefined : setInterval(() => trim(store), TRIM_INTERVAL_MS).unref();
  const page = options.page ? pageHtml() : undefined;
  const onSpans = (spans: readonly SpanRecord[]) => {
    sampling.add(spans);
    options.onSpans?.(spans);
  };
  let logsWithoutTrace = 0;
  const onLogsWithoutTrace = (count: number) => {
    logsWithoutTrace += count;
  };
  const server = createServer(timeouts(requestTimeoutMs), (request, response) => {
    route(request, response, {
      store,
      sampling,
      page,
      maxBodyBytes,
      memory,
      isLocal,
      crossOrigin,
      onSpans,
      onLogsWithoutTrace,
    }).catch(() => response.destroy());
  });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
  } catch (error) {
    clearInterval(trimming);
    store.close();
    throw error;
  }
  sampling.start();
  const address = server.address() as AddressInfo;
  return {
    url: `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`,
    port: address.port,
    store,
    get logsWithoutTrace() {
      return logsWithoutTrace;
    },
    get policies() {
      return sampling.inForce;
    },
    close: () =>
      new Promise((resolve) => {
        sampling.close();
        clearInterval(trimming);
        server.close(() => {
          store.close();
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

function timeouts(requestTimeout: number): ServerOptions {
  return { requestTimeout, connectionsCheckingInterval: Math.min(requestTimeout, 5000) };
}

function trim(store: TraceStore): void {
  try {
    store.trim();
  } catch (error) {
    diag.warn(`@clew/viewer: old traces were not removed: ${(error as Error).message}`);
  }
}

interface Receiver extends OtlpReceiver {
  readonly sampling: SamplingServer;
  /** The HTML of the page. */
  readonly page: string | undefined;
}

async function route(request: IncomingMessage, response: ServerResponse, receiver: Receiver): Promise<void> {
  const url = new URL(`http://collector${request.url}`);
  if (SIGNALS.has(url.pathname)) await receiveOtlp(url.pathname, request, response, receiver);
  else if (receiver.page !== undefined && url.pathname === '/') sendPage(request, response, receiver.page);
  else if (receiver.sampling.serves(url.pathname)) {
    if (isFromProgram(request, receiver.isLocal)) receiver.sampling.respond(url, request, response);
    else sendError(response, 403, FORBIDDEN);
  } else await respondToQuery(url, request, response, receiver.store);
  // Discard the unread rest of the body, so that the sender proceeds to read the response.
  request.resume();
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
