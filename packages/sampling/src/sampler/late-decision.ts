import type { LocalRootDecision, LocalRootEnd, PendingDecision } from '@clew/core/internal';
import type { LateRules } from '../decider.ts';
import { PolicyVerdict } from '../deciding/compiled-policy.ts';
import type { SamplerCounters } from './sampler-stats.ts';

/** Combines the late rules of two steps: those of policies come first. */
export function combineLate(
  policies: LateRules | undefined,
  others: LateRules | undefined,
): LateRules | undefined {
  if (policies === undefined || others === undefined) return policies ?? others;
  const { slowerThanMs, slow } = policies.slow === undefined ? others : policies;
  return {
    onError: policies.onError ?? others.onError,
    slowerThanMs,
    slow,
    ended: policies.ended ?? others.ended,
  };
}

/**
 * Waits for the end of a local root. One that was dropped is kept if it failed or was slow; rules that count are informed
 * in any case.
 */
export class LateDecision implements PendingDecision {
  readonly needsRoute = false;
  readonly #rules: LateRules;
  readonly #decision: LocalRootDecision;
  readonly #counters: SamplerCounters;

  constructor(rules: LateRules, decision: LocalRootDecision, counters: SamplerCounters) {
    this.#rules = rules;
    this.#decision = decision;
    this.#counters = counters;
  }

  atRoute(): LocalRootDecision {
    return { ...this.#decision, pending: this };
  }

  atEnd({ isError, durationMs }: LocalRootEnd): LocalRootDecision {
    const decision = this.#decision.sampled ? this.#decision : this.#decide(isError, durationMs);
    this.#rules.ended?.(isError, decision.sampled);
    return decision;
  }

  #decide(isError: boolean, durationMs: number): LocalRootDecision {
    const { onError, slow, slowerThanMs } = this.#rules;
    const failed = isError ? onError : undefined;
    const verdict = failed ?? (durationMs > slowerThanMs ? slow : undefined);
    if (verdict === undefined) return this.#decision;
    this.#counters.late[failed === undefined ? 'slow' : 'error']++;
    if (verdict instanceof PolicyVerdict) verdict.countLate();
    return { ...this.#decision, sampled: true, attributes: verdict.attributes };
  }
}
