import type { IncomingMessage, ServerResponse } from 'node:http';
import { RequestError } from '../http-body.ts';
import type { SpanRecord } from '../span-record.ts';
import { type AdaptiveOptions, AdaptiveSampling } from './adaptive-sampling.ts';
import { sendError, sendJson } from './http-json.ts';
import { type JaegerStrategy, operationStrategy } from './jaeger-strategy.ts';
import { type PoliciesInForce, PolicyFile } from './policy-file.ts';
import { PolicyCounts } from './policy-matches.ts';

const DEFAULT_INTERVAL_MS = 10_000;
const POLICIES = '/v1/sampling/policies';
const MATCHES = '/v1/sampling/matches';
const JAEGER_PATHS = new Set(['/sampling', '/api/sampling']);

/** Options of a `SamplingServer`. */
export interface SamplingServerOptions {
  /** A file with policies, JSON or YAML. */
  readonly policies?: string | undefined;
  /** Calculates probabilities from received spans. */
  readonly adaptive?: AdaptiveOptions | undefined;
  /** Called with each later set of the file. */
  readonly onPolicies?: ((inForce: PoliciesInForce) => void) | undefined;
}

/** Serves sampling rules over HTTP: policies, and the endpoint of Jaeger's remote samplers. */
export class SamplingServer {
  readonly #policies: PolicyFile | undefined;
  readonly #counts = new PolicyCounts();
  readonly #adaptive: AdaptiveSampling | undefined;
  readonly #intervalMs: number;
  #timer: NodeJS.Timeout | undefined;

  /** Throws for an option outside its range, and for a file that cannot be read or is invalid. */
  constructor({ policies, adaptive, onPolicies = () => {} }: SamplingServerOptions) {
    const { intervalMs = DEFAULT_INTERVAL_MS } = adaptive ?? {};
    if (!(intervalMs >= 100 && intervalMs <= 3_600_000))
      throw new RangeError(`@clew/viewer: expected adaptive.intervalMs in [100, 3600000], got ${intervalMs}`);
    this.#intervalMs = intervalMs;
    this.#adaptive = adaptive && new AdaptiveSampling(adaptive);
    if (policies !== undefined) this.#policies = new PolicyFile(policies, onPolicies);
  }

  /** The policies in force; `undefined` without a file. */
  get inForce(): PoliciesInForce | undefined {
    return this.#policies?.served;
  }

  start(): void {
    this.#policies?.watch();
    if (this.#adaptive === undefined) return;
    let last = performance.now();
    this.#timer = setInterval(() => {
      const now = performance.now();
      this.#adaptive?.calculate((now - last) / 1000);
      last = now;
    }, this.#intervalMs).unref();
  }

  /** Counts received spans. */
  add(spans: readonly SpanRecord[]): void {
    this.#counts.add(spans);
    this.#adaptive?.add(spans);
  }

  /** Whether this server responds to requests of this path. */
  serves(path: string): boolean {
    if (JAEGER_PATHS.has(path)) return this.#adaptive !== undefined || this.#policies !== undefined;
    return path === POLICIES || path === MATCHES;
  }

  /** Responds to a request that it serves. */
  respond(url: URL, request: IncomingMessage, response: ServerResponse): void {
    try {
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        response.setHeader('allow', 'GET, HEAD');
        throw new RequestError(405, `expected GET, got ${request.method}`);
      }
      if (url.pathname === POLICIES) this.#sendPolicies(request, response);
      else if (url.pathname === MATCHES) sendJson(response, 200, JSON.stringify(this.#counts));
      else sendJson(response, 200, JSON.stringify(this.#strategy(url.searchParams.getAll('service'))));
    } catch (error) {
      sendError(response, error instanceof RequestError ? error.status : 500, (error as Error).message);
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.#policies?.close();
  }

  #sendPolicies(request: IncomingMessage, response: ServerResponse): void {
    if (this.#policies === undefined)
      throw new RequestError(404, 'no policies are served: start the collector with --policies FILE');
    const { json, etag } = this.#policies.served;
    const headers = { etag, 'cache-control': 'no-cache' };
    if (isKnown(etag, request.headers['if-none-match'])) response.writeHead(304, headers).end();
    else sendJson(response, 200, json, headers);
  }

  #strategy(services: readonly string[]): JaegerStrategy {
    const [service] = services;
    if (service === undefined || services.length > 1)
      throw new RequestError(400, `expected the parameter service once, got it ${services.length} times`);
    const adaptive = this.#adaptive?.strategy(service);
    const strategies = this.#policies?.served.strategies;
    if (strategies !== undefined) return strategies.strategy(service, adaptive);
    return operationStrategy(adaptive!);
  }
}

/** Whether `If-None-Match` names the ETag. https://www.rfc-editor.org/rfc/rfc9110#name-if-none-match */
function isKnown(etag: string, ifNoneMatch: string | undefined): boolean {
  const tags = ifNoneMatch?.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags !== undefined && (tags.includes(etag) || tags.includes('*'));
}
