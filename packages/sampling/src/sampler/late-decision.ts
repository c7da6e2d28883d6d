import type { LocalRootDecision, LocalRootEnd, PendingDecision } from '@clew/core/internal';
import type { Attributes, TraceState } from '@opentelemetry/api';
import type { LateRules, Verdict } from '../decider.ts';
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
  /** What was decided first, with this in `pending`. */
  readonly first: LocalRootDecision;
  readonly #rules: LateRules;
  readonly #counters: SamplerCounters;

  constructor(
    rules: LateRules,
    sampled: boolean,
    traceState: TraceState | undefined,
    attributes: Readonly<Attributes> | undefined,
    counters: SamplerCounters,
  ) {
    this.first = { sampled, traceState, attributes, pending: this };
    this.#rules = rules;
    this.#counters = counters;
  }

  atRoute(): LocalRootDecision {
    return this.first;
  }

  atEnd({ isError, durationMs }: LocalRootEnd): LocalRootDecision {
    const { sampled, traceState, attributes } = this.first;
    const verdict = sampled ? undefined : this.#verdict(isError, durationMs);
    const isKept = sampled || verdict !== undefined;
    this.#rules.ended?.(isError, isKept);
    return { sampled: isKept, traceState, attributes: verdict?.attributes ?? attributes };
  }

  #verdict(isError: boolean, durationMs: number): Verdict | undefined {
    const { onError, slow, slowerThanMs } = this.#rules;
    const failed = isError ? onError : undefined;
    const verdict = failed ?? (durationMs > slowerThanMs ? slow : undefined);
    if (verdict === undefined) return undefined;
    this.#counters.late[failed === undefined ? 'slow' : 'error']++;
    if (verdict instanceof PolicyVerdict) verdict.countLate();
    return verdict;
  }
}
