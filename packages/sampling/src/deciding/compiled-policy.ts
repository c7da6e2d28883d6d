import type { Attributes } from '@opentelemetry/api';
import type { Threshold, Verdict } from '../decider.ts';
import { type CompiledMatch, compileMatch } from '../matching/compile-match.ts';
import type { Policy } from '../policy.ts';
import type { PolicyState } from './policy-state.ts';
import { thresholdOf } from './threshold.ts';
import type { TokenBucket } from './token-bucket.ts';

/** Why a trace was kept: the attribute `clew.sampling.kept` of its local root. */
export type KeptBy = 'requested' | 'always' | 'ratio' | 'rate' | 'floor' | 'error' | 'slow';

export const POLICY_ATTRIBUTE = 'clew.sampling.policy';
export const KEPT_ATTRIBUTE = 'clew.sampling.kept';

/** A verdict for which a policy is credited. */
export class PolicyVerdict implements Verdict {
  readonly sampled: boolean;
  readonly threshold: Threshold | undefined;
  readonly attributes: Readonly<Attributes> | undefined;
  readonly #state: PolicyState;

  constructor(
    state: PolicyState,
    sampled: boolean,
    threshold?: Threshold,
    attributes?: Readonly<Attributes>,
  ) {
    this.sampled = sampled;
    this.threshold = threshold;
    this.attributes = attributes;
    this.#state = state;
  }

  /** Counts a decision made at the start or at the route. */
  count(): void {
    if (this.sampled) this.#state.counters.kept++;
    else this.#state.counters.dropped++;
  }

  /** Counts a trace kept at its end. */
  countLate(): void {
    this.#state.counters.keptLate++;
  }
}

/** A policy, compiled for the resource of this process. */
export class CompiledPolicy {
  readonly id: string;
  readonly conditions: CompiledMatch;
  readonly namesRoute: boolean;
  /** Its place in the order of ids, which decides where two policies are equally restrictive. */
  readonly order: number;
  readonly never: boolean;
  /** The threshold of its ratio, 0 for `always` and for a rate alone; `undefined` if it only keeps late. */
  readonly threshold: Threshold | undefined;
  /** Whether its ratio drops any traces. */
  readonly isPartial: boolean;
  readonly rate: TokenBucket | undefined;
  readonly floor: TokenBucket | undefined;
  readonly onError: boolean;
  readonly slowerThanMs: number | undefined;
  readonly state: PolicyState;
  readonly dropped: Verdict;
  readonly keptByRatio: Verdict;
  readonly keptByRate: Verdict;
  readonly keptByFloor: Verdict;
  readonly keptByError: Verdict;
  readonly keptBySlowness: Verdict;

  constructor(
    policy: Policy,
    conditions: CompiledMatch,
    order: number,
    state: PolicyState,
    isNamed: boolean,
  ) {
    const { id, match = {}, keep } = policy;
    const { ratio, always, never, tracesPerSecond, onError, slowerThanMs } = keep;
    this.id = id;
    this.conditions = conditions;
    this.order = order;
    this.namesRoute = match.route !== undefined;
    this.never = never === true;
    const hasHead = (ratio ?? always ?? tracesPerSecond) !== undefined;
    this.threshold = hasHead ? thresholdOf(ratio ?? 1) : undefined;
    this.isPartial = (ratio ?? 1) < 1;
    this.state = state;
    this.rate = state.rate(tracesPerSecond);
    this.floor = state.floor(keep.atLeastPerSecond);
    this.onError = onError === true;
    this.slowerThanMs = slowerThanMs;
    const kept = (by: KeptBy, threshold?: Threshold): Verdict =>
      new PolicyVerdict(
        state,
        true,
        threshold,
        isNamed ? { [POLICY_ATTRIBUTE]: id, [KEPT_ATTRIBUTE]: by } : late(by),
      );
    this.dropped = new PolicyVerdict(state, false);
    // A default that keeps everything writes no threshold, like OpenTelemetry's AlwaysOn sampler.
    const known = isNamed || ratio !== undefined ? this.threshold : undefined;
    this.keptByRatio = kept(ratio === undefined ? 'always' : 'ratio', known);
    this.keptByRate = kept('rate');
    this.keptByFloor = kept('floor');
    this.keptByError = kept('error');
    this.keptBySlowness = kept('slow');
  }
}

/** The default has no id, and its traces are marked only if they are kept late. */
function late(by: KeptBy): Attributes | undefined {
  return by === 'error' || by === 'slow' ? { [KEPT_ATTRIBUTE]: by } : undefined;
}

/** Compiles a policy; `undefined` if it never applies to this resource. */
export function compilePolicy(
  policy: Policy,
  resource: Readonly<Attributes>,
  order: number,
  state: PolicyState,
  isNamed: boolean,
): CompiledPolicy | undefined {
  const conditions = compileMatch(policy.match ?? {}, resource);
  return conditions && new CompiledPolicy(policy, conditions, order, state, isNamed);
}
