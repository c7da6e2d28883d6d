import type { IncomingMessage, ServerResponse } from 'node:http';
import { RequestError } from '../http-body.ts';
import type { SpanRecord } from '../span-record.ts';
import { type AdaptiveOptions, AdaptiveSampling } from './adaptive-sampling.ts';
import { sendError, sendJson } from './http-json.ts';
import type { JaegerStrategy } from './jaeger-strategy.ts';

const DEFAULT_INTERVAL_MS = 10_000;
const JAEGER_PATHS = new Set(['/sampling', '/api/sampling']);

/** Options of a `SamplingServer`. */
export interface SamplingServerOptions {
  /** Calculates probabilities from received spans. */
  readonly adaptive?: AdaptiveOptions | undefined;
}

/** Serves sampling decisions over HTTP: the endpoint of Jaeger's remote samplers. */
export class SamplingServer {
  readonly #adaptive: AdaptiveSampling | undefined;
  readonly #intervalMs: number;
  #timer: NodeJS.Timeout | undefined;

  /** Throws RangeError for an option outside its range. */
  constructor({ adaptive }: SamplingServerOptions) {
    const { intervalMs = DEFAULT_INTERVAL_MS } = adaptive ?? {};
    if (!(intervalMs >= 100 && intervalMs <= 3_600_000))
      throw new RangeError(`@clew/viewer: expected adaptive.intervalMs in [100, 3600000], got ${intervalMs}`);
    this.#intervalMs = intervalMs;
    this.#adaptive = adaptive && new AdaptiveSampling(adaptive);
  }

  start(): void {
    let last = performance.now();
    this.#timer = setInterval(() => {
      const now = performance.now();
      this.#adaptive?.calculate((now - last) / 1000);
      last = now;
    }, this.#intervalMs).unref();
  }

  /** Counts received spans. */
  add(spans: readonly SpanRecord[]): void {
    this.#adaptive?.add(spans);
  }

  /** Whether this server responds to requests of this path. */
  serves(path: string): boolean {
    return JAEGER_PATHS.has(path) && this.#adaptive !== undefined;
  }

  /** Responds to a request that it serves. */
  respond(url: URL, request: IncomingMessage, response: ServerResponse): void {
    try {
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        response.setHeader('allow', 'GET, HEAD');
        throw new RequestError(405, `expected GET, got ${request.method}`);
      }
      sendJson(response, 200, JSON.stringify(this.#strategy(url.searchParams.getAll('service'))));
    } catch (error) {
      sendError(response, error instanceof RequestError ? error.status : 500, (error as Error).message);
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #strategy(services: readonly string[]): JaegerStrategy {
    const [service] = services;
    if (service === undefined || services.length > 1)
      throw new RequestError(400, `expected the parameter service once, got it ${services.length} times`);
    return { strategyType: 'PROBABILISTIC', operationSampling: this.#adaptive!.strategy(service) };
  }
}
