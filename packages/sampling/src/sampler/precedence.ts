import { type LocalRootDecision, originals } from '@clew/core/internal';
import type { TraceState } from '@opentelemetry/api';
import type { LateRules, Verdict } from '../decider.ts';
import { KEPT_ATTRIBUTE } from '../deciding/compiled-policy.ts';
import { PolicyDecider } from '../deciding/policy-decider.ts';
import { TokenBucket } from '../deciding/token-bucket.ts';
import { combineLate, LateDecision } from './late-decision.ts';
import type { LocalRootFacts } from './local-root-facts.ts';
import { withThreshold } from './ot-trace-state.ts';
import { RouteDecision } from './route-decision.ts';
import type { RuleSets } from './rule-sets.ts';
import type { CheckedOptions } from './sampler-options.ts';
import { SamplerCounters } from './sampler-stats.ts';

const REQUESTED: Verdict = {
  sampled: true,
  threshold: undefined,
  attributes: { [KEPT_ATTRIBUTE]: 'requested' },
};
const BY_PARENT: Verdict = { sampled: true, threshold: undefined, attributes: undefined };
const UNSAMPLED: Verdict = { sampled: false, threshold: undefined, attributes: undefined };
/** The most frequent result, so that it costs no object. */
const DROPPED: LocalRootDecision = { sampled: false, traceState: undefined };

/** A verdict, or that it must wait. */
type Step = Verdict | 'at the route';

/**
 * The four steps of a decision: requested traces, policies, the remote parent, the default. The first step that decides
 * is used; docs/sampling.md gives the reasons. Rules that are not policies, such as Jaeger's strategies, replace the
 * default: they cover every trace of a service, so if they came before the policies, no policy would ever decide.
 */
export class Precedence {
  readonly counters = new SamplerCounters();
  readonly #rules: RuleSets;
  readonly #requested: TokenBucket | undefined;
  readonly #followParent: boolean;
  readonly #default: PolicyDecider;
  /** The late rules of the step that decided last. */
  #late: LateRules | undefined;

  constructor(options: CheckedOptions, rules: RuleSets) {
    const { requestedPerSecond, followParent } = options;
    this.#rules = rules;
    this.#requested = requestedPerSecond === undefined ? undefined : new TokenBucket(requestedPerSecond);
    this.#followParent = followParent;
    this.#default = new PolicyDecider([{ id: 'default', keep: options.default }], { isNamed: false });
  }

  /** Whether the default keeps traces at their end. */
  get defaultIsLate(): boolean {
    return this.#default.isLate;
  }

  /**
   * Decides at the start of a local root.
   *
   * @param canWait whether the tracer can decide at the route or at the end
   */
  atStart(facts: LocalRootFacts, traceState: TraceState | undefined, canWait: boolean): LocalRootDecision {
    return this.#isRequested(facts)
      ? this.#result(REQUESTED, traceState)
      : this.decide(facts, traceState, canWait);
  }

  /** Decides by the steps after the first: again at the route, or at the end, if the start could not. */
  decide(facts: LocalRootFacts, traceState: TraceState | undefined, canWait: boolean): LocalRootDecision {
    const { policies } = this.#rules;
    const mayWait = canWait && !facts.routeIsFinal;
    policies.match(facts);
    if (mayWait && policies.routeMatters(facts)) return this.#waitForRoute(facts, traceState);
    const verdict = policies.verdict(facts);
    this.#late = policies.lateRules();
    const step = verdict ?? this.#parentOrDefault(facts, mayWait);
    if (step === 'at the route') return this.#waitForRoute(facts, traceState);
    policies.count(verdict);
    if (verdict !== undefined) this.counters.policies[verdict.sampled ? 'kept' : 'dropped']++;
    const late = canWait ? this.#late : undefined;
    return this.#result(step, traceState, late);
  }

  /** Requested traces beyond the rate are decided by the next steps: a leaked key must not flood the backend. */
  #isRequested({ origin }: LocalRootFacts): boolean {
    const bucket = this.#requested;
    if (bucket === undefined || (origin !== 'signed' && origin !== 'debug')) return false;
    const has = bucket.has(originals.monotonicNow());
    if (has) bucket.take();
    this.counters.requested[has ? 'kept' : 'overLimit']++;
    return has;
  }

  #parentOrDefault(facts: LocalRootFacts, mayWait: boolean): Step {
    const { parentSampled } = facts;
    if (this.#followParent && parentSampled !== undefined) {
      this.counters.parent[parentSampled ? 'kept' : 'dropped']++;
      return parentSampled ? BY_PARENT : UNSAMPLED;
    }
    for (const decider of this.#rules.deciders) {
      if (mayWait && decider.needsRoute(facts)) return 'at the route';
      const verdict = decider.decide(facts);
      if (verdict !== undefined) return this.#byDefault(verdict, decider.late(facts));
    }
    this.#default.match(facts);
    return this.#byDefault(this.#default.verdict(facts) ?? UNSAMPLED, this.#default.lateRules());
  }

  #byDefault(verdict: Verdict, late: LateRules | undefined): Verdict {
    this.#late = combineLate(this.#late, late);
    this.counters.default[verdict.sampled ? 'kept' : 'dropped']++;
    return verdict;
  }

  #waitForRoute(facts: LocalRootFacts, traceState: TraceState | undefined): LocalRootDecision {
    const pending = new RouteDecision(this, facts.copy(), traceState);
    return { sampled: false, traceState: withThreshold(traceState, undefined), pending };
  }

  #result(verdict: Verdict, before: TraceState | undefined, late?: LateRules): LocalRootDecision {
    const { sampled, threshold, attributes } = verdict;
    if (!sampled && before === undefined && late === undefined) return DROPPED;
    // The `th` of a parent that sampled the trace stays valid.
    const traceState = verdict === BY_PARENT ? before : withThreshold(before, threshold);
    if (late === undefined || (sampled && late.ended === undefined))
      return { sampled, traceState, attributes };
    return new LateDecision(late, sampled, traceState, attributes, this.counters).first;
  }
}
