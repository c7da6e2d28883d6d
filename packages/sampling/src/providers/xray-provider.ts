import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { URL } from 'node:url';
import { originals } from '@clew/core/internal';
import type { Attributes } from '@opentelemetry/api';
import type { Decider, Provider, ProviderStats } from '../decider.ts';
import type { ExchangeRequest } from './http-exchange.ts';
import { hashOf } from './policy-loader.ts';
import { type Exchange, PollLoop, type PollOutcome } from './poll-loop.ts';
import { ProviderCounters } from './provider-counters.ts';
import {
  displayUrl,
  MAX_SET_BYTES,
  milliseconds,
  type RemoteOptions,
  type ResolvedRemoteOptions,
  resolveRemoteOptions,
} from './provider-options.ts';
import { XRayDecider } from './xray-decider.ts';
import {
  readXRayTargets,
  takeReports,
  writeReports,
  type XRayReport,
  type XRayTargets,
} from './xray-reports.ts';
import { readXRayRules, type XRayRuleDefinition } from './xray-rules.ts';

/** Where X-Ray's rules and targets are fetched. The default interval of the rules is 5 minutes. */
export interface XRayProviderOptions extends RemoteOptions {
  /** The X-Ray daemon, or the extension `awsproxy` of a collector; default `http://127.0.0.1:2000`. They sign requests. */
  readonly url?: string | undefined;
  /** Attributes of the resource, against which rules are matched: `service.name`, `cloud.platform` … */
  readonly resource: Readonly<Attributes>;
  /** Milliseconds between two reports unless X-Ray asks for another interval: [10, 300000], default 10000. */
  readonly targetsIntervalMs?: number | undefined;
}

const KEYS: readonly (keyof XRayProviderOptions)[] = ['url', 'resource', 'targetsIntervalMs'];
const MAX_PAGES = 100;
/** Every request tries the rules in turn. X-Ray itself allows 25 in an account by default. */
const MAX_RULES = 1000;
const MAX_INTERVAL_S = 300;

/**
 * AWS X-Ray's centralized sampling: rules, reservoirs shared by all processes, and rates that X-Ray raises after
 * anomalies. Until the first rules, and an hour after the last ones, it keeps one trace a second and 5 % of the others.
 *
 * @see https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sampling.html
 */
export class XRayProvider implements Provider {
  readonly name: string;
  readonly #options: ResolvedRemoteOptions;
  readonly #resource: Readonly<Attributes>;
  readonly #counters: ProviderCounters;
  readonly #clientId = randomBytes(12).toString('hex');
  readonly #rulesLoop: PollLoop;
  readonly #targetsLoop: PollLoop;
  #inForce: ((decider: Decider, version: string) => void) | undefined;
  #decider: XRayDecider;
  #hash: string | undefined;
  /** The server's time when the rules in force were requested, and its newest modification, in epoch seconds. */
  #requestedAtS = 0;
  #modifiedAtS = 0;

  /** @throws TypeError for an invalid option */
  constructor(options: XRayProviderOptions) {
    const { url = 'http://127.0.0.1:2000', resource } = options;
    this.#options = resolveRemoteOptions('xray', url, options, 300_000, KEYS);
    this.#resource = resource;
    this.name = `xray ${displayUrl(this.#options.url)}`;
    this.#counters = new ProviderCounters(this.name);
    this.#decider = new XRayDecider([], resource);
    const { intervalMs } = this.#options;
    this.#rulesLoop = new PollLoop({
      counters: this.#counters,
      intervalMs,
      poll: (exchange) => this.#loadRules(exchange),
    });
    const { targetsIntervalMs } = options;
    const everyMs = milliseconds('xray.targetsIntervalMs', targetsIntervalMs, [10, 300_000], 10_000);
    this.#targetsLoop = new PollLoop({
      counters: this.#counters,
      intervalMs: everyMs,
      firstDelayMs: everyMs,
      poll: (exchange) => this.#report(exchange),
    });
  }

  start(inForce: (decider: Decider, version: string) => void): void {
    if (this.#inForce !== undefined) return;
    this.#inForce = inForce;
    inForce(this.#decider, 'fallback');
    this.#rulesLoop.start();
    this.#targetsLoop.start();
  }

  stats(): ProviderStats {
    return this.#counters.stats;
  }

  stop(): void {
    this.#rulesLoop.stop();
    this.#targetsLoop.stop();
  }

  async #loadRules(exchange: Exchange): Promise<PollOutcome> {
    const rules: XRayRuleDefinition[] = [];
    let requestedAtS: number | undefined;
    let bytesLeft = MAX_SET_BYTES;
    let token: string | undefined;
    for (let page = 0; page === 0 || token !== undefined; page++) {
      if (page === MAX_PAGES) throw new TypeError(`expected at most ${MAX_PAGES} pages of rules`);
      const body = token === undefined ? '{}' : JSON.stringify({ NextToken: token });
      const response = await exchange({ ...this.#request('GetSamplingRules', body), maxBytes: bytesLeft });
      if (response.kind === 'failed') return response;
      requestedAtS ??= serverNowMs(response.headers) / 1000;
      bytesLeft -= response.body.length;
      const { rules: more, nextToken } = readXRayRules(response.body.toString());
      rules.push(...more);
      if (rules.length > MAX_RULES) throw new TypeError(`expected at most ${MAX_RULES} rules`);
      token = nextToken;
    }
    this.#requestedAtS = requestedAtS ?? 0;
    this.#accept(rules);
    return { kind: 'done' };
  }

  #accept(rules: readonly XRayRuleDefinition[]): void {
    const hash = hashOf(JSON.stringify(rules));
    if (hash === this.#hash) {
      this.#decider.confirm();
      this.#counters.unchanged();
      return;
    }
    this.#decider = new XRayDecider(rules, this.#resource, this.#decider);
    this.#hash = hash;
    this.#counters.loaded(hash);
    this.#inForce?.(this.#decider, hash);
  }

  /** Reports the counts of all rules that were used, in several requests if necessary, and applies what X-Ray assigns. */
  async #report(exchange: Exchange): Promise<PollOutcome> {
    const { rules } = this.#decider;
    let intervalS: number | undefined;
    for (let next = 0; next < rules.length; ) {
      let reports: XRayReport[];
      [reports, next] = takeReports(rules, next);
      if (reports.length === 0) break;
      const result = await this.#send(exchange, reports).catch((error: unknown) => {
        restore(reports);
        throw error;
      });
      if ('kind' in result) return result;
      this.#apply(result, reports);
      intervalS = result.intervalS ?? intervalS;
    }
    const nextMs = intervalS && Math.min(intervalS, MAX_INTERVAL_S) * 1000;
    return { kind: 'done', nextMs };
  }

  async #send(
    exchange: Exchange,
    reports: readonly XRayReport[],
  ): Promise<XRayTargets | (PollOutcome & { kind: 'failed' })> {
    const serviceName = String(this.#resource['service.name'] ?? 'default');
    const nowS = Math.floor(originals.wallNow() / 1000);
    const response = await exchange(
      this.#request('SamplingTargets', writeReports(reports, this.#clientId, serviceName, nowS)),
    );
    if (response.kind === 'failed') {
      restore(reports);
      return response;
    }
    // By the server's clock, so that a wrong clock here neither prolongs nor ends a quota.
    const offsetMs = originals.monotonicNow() - serverNowMs(response.headers);
    return readXRayTargets(response.body.toString(), (epochSeconds) => epochSeconds * 1000 + offsetMs);
  }

  #apply(result: XRayTargets, reports: readonly XRayReport[]): void {
    for (const rule of this.#decider.rules) {
      const target = result.targets.get(rule.definition.name);
      if (target !== undefined) rule.assign(target);
    }
    for (const { ruleName, isTemporary, message } of result.unprocessed) {
      this.#counters.failed('unprocessed', message);
      if (isTemporary) restore(reports.filter(({ rule }) => rule.definition.name === ruleName));
    }
    const modifiedAtS = result.lastRuleModification ?? 0;
    // Times are whole seconds: the rules may have been changed in the second in which they were requested.
    const isNewer = modifiedAtS > this.#modifiedAtS && modifiedAtS >= Math.floor(this.#requestedAtS);
    this.#modifiedAtS = Math.max(modifiedAtS, this.#modifiedAtS);
    if (isNewer) this.#rulesLoop.pollNow();
  }

  #request(path: string, body: string): ExchangeRequest {
    const { url, headers, tls, timeoutMs } = this.#options;
    const base = url.href.endsWith('/') ? url.href : `${url.href}/`;
    return {
      method: 'POST',
      url: new URL(path, base),
      headers: { accept: 'application/json', ...headers, 'content-type': 'application/json' },
      body: Buffer.from(body),
      tls,
      timeoutMs,
      maxBytes: MAX_SET_BYTES,
    };
  }
}

function restore(reports: readonly XRayReport[]): void {
  for (const { rule, counts } of reports) rule.statistics.restore(counts);
}

/** The time of the server by its `Date` header, or else of this computer, in milliseconds since the epoch. */
function serverNowMs({ date }: IncomingHttpHeaders): number {
  const ms = originals.parseDate(date ?? '');
  return Number.isNaN(ms) ? originals.wallNow() : ms;
}
