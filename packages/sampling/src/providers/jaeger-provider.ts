import { URL } from 'node:url';
import { expectFit } from '@clew/core/internal';
import type { Decider, Provider, ProviderStats } from '../decider.ts';
import { JaegerDecider } from './jaeger-decider.ts';
import { readJaegerStrategies } from './jaeger-strategies.ts';
import { hashOf } from './policy-loader.ts';
import { type Exchange, PollLoop, type PollOutcome } from './poll-loop.ts';
import { ProviderCounters } from './provider-counters.ts';
import {
  displayUrl,
  expectText,
  MAX_SET_BYTES,
  type RemoteOptions,
  type ResolvedRemoteOptions,
  resolveRemoteOptions,
} from './provider-options.ts';

/** Where Jaeger's strategies are fetched. The default interval is 60 s. */
export interface JaegerProviderOptions extends RemoteOptions {
  /** `service.name`, by which Jaeger knows this application. */
  readonly serviceName: string;
  /**
   * The sampling endpoint of Jaeger or of an OpenTelemetry collector; default `http://localhost:5778/sampling`. A URL
   * without a path gets `/sampling`.
   */
  readonly url?: string | undefined;
  /** The probability until the first response, in [0, 1]. Default: the next step of the precedence decides until then. */
  readonly initialRate?: number | undefined;
}

const KEYS: readonly (keyof JaegerProviderOptions)[] = ['serviceName', 'url', 'initialRate'];

/**
 * Jaeger's remote sampling, adaptive sampling included: strategies come from Jaeger, and local roots carry `sampler.type`
 * and `sampler.param`, by which Jaeger calculates the next ones.
 *
 * @see https://www.jaegertracing.io/docs/latest/architecture/sampling/#remote-sampling
 */
export class JaegerProvider implements Provider {
  readonly name: string;
  readonly #options: ResolvedRemoteOptions;
  readonly #initialRate: number | undefined;
  readonly #counters: ProviderCounters;
  #loop: PollLoop | undefined;
  #decider: JaegerDecider | undefined;
  #hash: string | undefined;

  /** @throws TypeError for an invalid option */
  constructor(options: JaegerProviderOptions) {
    const { serviceName, url = 'http://localhost:5778/sampling', initialRate } = options;
    expectText('jaeger.serviceName', serviceName);
    const isRate = initialRate === undefined || (initialRate >= 0 && initialRate <= 1);
    expectFit('@clew/sampling', isRate, 'jaeger.initialRate in [0, 1]', initialRate);
    const resolved = resolveRemoteOptions('jaeger', url, options, 60_000, KEYS);
    this.#options = { ...resolved, url: withService(resolved.url, serviceName) };
    this.name = `jaeger ${displayUrl(this.#options.url)}`;
    this.#initialRate = initialRate;
    this.#counters = new ProviderCounters(this.name);
  }

  start(inForce: (decider: Decider, version: string) => void): void {
    if (this.#loop !== undefined) return;
    if (this.#initialRate !== undefined) {
      this.#decider = new JaegerDecider({ kind: 'probabilistic', rate: this.#initialRate });
      inForce(this.#decider, 'initial');
    }
    this.#loop = new PollLoop({
      counters: this.#counters,
      intervalMs: this.#options.intervalMs,
      poll: (exchange) => this.#poll(exchange, inForce),
    });
    this.#loop.start();
  }

  stats(): ProviderStats {
    return this.#counters.stats;
  }

  stop(): void {
    this.#loop?.stop();
  }

  async #poll(
    exchange: Exchange,
    inForce: (decider: Decider, version: string) => void,
  ): Promise<PollOutcome> {
    const { url, headers, tls, timeoutMs } = this.#options;
    const response = await exchange({
      method: 'GET',
      url,
      headers: { accept: 'application/json', ...headers },
      tls,
      timeoutMs,
      maxBytes: MAX_SET_BYTES,
    });
    if (response.kind === 'failed') return response;
    const text = response.body.toString();
    const hash = hashOf(text);
    if (hash === this.#hash) {
      this.#counters.unchanged();
      return { kind: 'done' };
    }
    this.#decider = new JaegerDecider(readJaegerStrategies(text), this.#decider);
    this.#hash = hash;
    this.#counters.loaded(hash);
    inForce(this.#decider, hash);
    return { kind: 'done' };
  }
}

function withService(base: URL, serviceName: string): URL {
  const url = new URL(base);
  if (url.pathname === '/') url.pathname = '/sampling';
  url.searchParams.set('service', serviceName);
  return url;
}
