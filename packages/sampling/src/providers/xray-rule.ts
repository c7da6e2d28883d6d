import type { Facts, LateRules, Verdict } from '../decider.ts';
import { passes, thresholdOf } from '../deciding/threshold.ts';
import { TokenBucket } from '../deciding/token-bucket.ts';
import { DROPPED } from './parentless.ts';
import type { XRayRuleDefinition } from './xray-rules.ts';
import { XRayStatistics } from './xray-statistics.ts';

/** What X-Ray assigns to this process for a rule. Times are milliseconds of the monotonic clock. */
export interface XRayTarget {
  readonly fixedRate: number | undefined;
  readonly quota: { readonly tracesPerSecond: number; readonly expiresAt: number } | undefined;
  readonly boost: { readonly rate: number; readonly expiresAt: number } | undefined;
}

/** A verdict of a rule or of the fallback. */
export function xrayVerdict(rule: string, kept: 'rate' | 'ratio', rate?: number): Verdict {
  return {
    sampled: true,
    threshold: rate === undefined ? undefined : thresholdOf(rate),
    attributes: { 'clew.sampling.policy': rule, 'clew.sampling.kept': kept },
  };
}

/**
 * A rule and its state: first its share of the reservoir, then the fixed rate. Without a valid quota, a rule with a
 * reservoir borrows one trace a second.
 */
export class XRayRule {
  readonly definition: XRayRuleDefinition;
  readonly statistics: XRayStatistics;
  /** For rules with a boost, which depends on how traces end. */
  readonly late: LateRules | undefined;
  readonly #borrowing: TokenBucket;
  readonly #byReservoir: Verdict;
  #byRate: Verdict;
  #byBoost: Verdict | undefined;
  #boostExpiresAt = Number.NEGATIVE_INFINITY;
  #quota: TokenBucket | undefined;
  #quotaExpiresAt = Number.NEGATIVE_INFINITY;
  #fixedRate: number;

  /** @param previous the rule of this name until now, whose counts and borrowed traces are continued */
  constructor(definition: XRayRuleDefinition, previous?: XRayRule) {
    this.definition = definition;
    this.statistics = previous?.statistics ?? new XRayStatistics();
    this.#borrowing = previous === undefined ? new TokenBucket(1) : previous.#borrowing;
    this.#byReservoir = xrayVerdict(definition.name, 'rate');
    this.#fixedRate = definition.fixedRate;
    this.#byRate = xrayVerdict(definition.name, 'ratio', definition.fixedRate);
    if (definition.hasBoost) {
      const ended = (isError: boolean, sampled: boolean) => this.#end(isError, sampled);
      this.late = { onError: undefined, slowerThanMs: Number.POSITIVE_INFINITY, slow: undefined, ended };
    }
  }

  decide({ randomHigh, randomLow }: Facts, nowMs: number): Verdict {
    this.statistics.requests++;
    const verdict = this.#takeFromReservoir(nowMs) ?? this.#rate(nowMs);
    if (verdict.threshold !== undefined && !passes(randomHigh, randomLow, verdict.threshold)) return DROPPED;
    this.statistics.sampled++;
    return verdict;
  }

  /** Applies what X-Ray has assigned. */
  assign({ fixedRate = this.definition.fixedRate, quota, boost }: XRayTarget): void {
    if (fixedRate !== this.#fixedRate) {
      this.#fixedRate = fixedRate;
      this.#byRate = xrayVerdict(this.definition.name, 'ratio', fixedRate);
    }
    this.#quotaExpiresAt = quota?.expiresAt ?? Number.NEGATIVE_INFINITY;
    if (quota !== undefined) {
      this.#quota ??= new TokenBucket(quota.tracesPerSecond);
      this.#quota.setRate(quota.tracesPerSecond);
    }
    // A boost never lowers the rate.
    const isBoosted = boost !== undefined && boost.rate > fixedRate;
    this.#byBoost = isBoosted ? xrayVerdict(this.definition.name, 'ratio', boost.rate) : undefined;
    this.#boostExpiresAt = boost?.expiresAt ?? Number.NEGATIVE_INFINITY;
  }

  #takeFromReservoir(nowMs: number): Verdict | undefined {
    const hasQuota = this.#quota !== undefined && nowMs < this.#quotaExpiresAt;
    if (!hasQuota && this.definition.reservoirSize === 0) return undefined;
    const bucket = hasQuota ? this.#quota! : this.#borrowing;
    if (!bucket.has(nowMs)) return undefined;
    bucket.take();
    if (!hasQuota) this.statistics.borrowed++;
    return this.#byReservoir;
  }

  #rate(nowMs: number): Verdict {
    return this.#byBoost !== undefined && nowMs < this.#boostExpiresAt ? this.#byBoost : this.#byRate;
  }

  #end(isError: boolean, sampled: boolean): void {
    this.statistics.ended++;
    if (!isError) return;
    this.statistics.failed++;
    if (sampled) this.statistics.failedSampled++;
  }
}
