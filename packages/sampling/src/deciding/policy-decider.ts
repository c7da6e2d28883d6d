// Written for speed (benchmarks/sampling.mjs): one pass over the matching policies into fields of the decider, without an
// object for each decision. The plain form collects them in a result.
import { originals } from '@clew/core/internal';
import type { Attributes } from '@opentelemetry/api';
import type { Decider, Facts, LateRules, Verdict } from '../decider.ts';
import { PolicyIndex } from '../matching/policy-index.ts';
import type { Match, Policy } from '../policy.ts';
import { type CompiledPolicy, compilePolicy, PolicyVerdict } from './compiled-policy.ts';
import { PolicyState, type PolicyStates } from './policy-state.ts';
import { groupByRest, type RouteGroup } from './route-groups.ts';
import { compareThresholds, passes } from './threshold.ts';

/** Options of a {@link PolicyDecider}. */
export interface PolicyDeciderOptions {
  /** Attributes of the resource, with `service.name`. Default: none. */
  readonly resource?: Readonly<Attributes>;
  /** The counters and tokens of the set that this one replaces. */
  readonly states?: PolicyStates;
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number;
  /** Whether local roots get the policy's id. Default `true`. */
  readonly isNamed?: boolean;
}

/**
 * Decides by policies: among those that match, the most restrictive one wins. The result does not depend on their order.
 * docs/sampling.md describes the rules.
 */
export class PolicyDecider implements Decider {
  /** To pass on to the decider that replaces this one. */
  readonly states: PolicyStates = new Map();
  /** The ids of the policies that can apply in this process. */
  readonly active: ReadonlySet<string>;
  readonly namesRoutes: boolean;
  readonly needsHost: boolean;
  readonly isLate: boolean;
  readonly #now: () => number;
  readonly #index: PolicyIndex<CompiledPolicy>;
  readonly #routeIndex: PolicyIndex<CompiledPolicy>;
  readonly #groups: PolicyIndex<RouteGroup>;
  /** The matching policies, the first `#count` of this list. */
  readonly #matching: CompiledPolicy[] = [];
  #count = 0;
  readonly #waiting: RouteGroup[] = [];
  #never: CompiledPolicy | undefined;
  #decides = false;

  /** `policies`: as `readPolicies` returns them. */
  constructor(policies: readonly Policy[], options: PolicyDeciderOptions = {}) {
    const { resource = {}, states, now = originals.monotonicNow, isNamed = true } = options;
    this.#now = now;
    const sorted = policies.filter(({ enabled }) => enabled !== false).sort((a, b) => (a.id < b.id ? -1 : 1));
    const compiled: (readonly [Policy, CompiledPolicy])[] = [];
    for (const [order, policy] of sorted.entries()) {
      const state = states?.get(policy.id) ?? new PolicyState();
      this.states.set(policy.id, state);
      const each = compilePolicy(policy, resource, order, state, isNamed);
      if (each !== undefined) compiled.push([policy, each]);
    }
    const routed = compiled.filter(([, { namesRoute }]) => namesRoute);
    this.active = new Set(compiled.map(([, { id }]) => id));
    this.namesRoutes = routed.length > 0;
    this.needsHost = compiled.some(([{ match }]) => namesHost(match));
    this.isLate = compiled.some(([, each]) => each.onError || each.slowerThanMs !== undefined);
    this.#index = new PolicyIndex(compiled.map(([, each]) => each).filter(({ namesRoute }) => !namesRoute));
    this.#routeIndex = new PolicyIndex(routed.map(([, each]) => each));
    this.#groups = new PolicyIndex(groupByRest(routed));
  }

  needsRoute(facts: Facts): boolean {
    this.match(facts);
    return this.routeMatters(facts);
  }

  decide(facts: Facts): Verdict | undefined {
    this.match(facts);
    return this.verdict(facts);
  }

  late(facts: Facts): LateRules | undefined {
    this.match(facts);
    return this.lateRules();
  }

  /** Finds the policies that match. The methods below then refer to these facts, until the next call. */
  match(facts: Facts): void {
    const matching = this.#matching;
    let count = this.#index.collect(facts, matching, 0);
    if (this.namesRoutes && (facts.routeIsFinal || facts.route !== undefined)) {
      count = this.#routeIndex.collect(facts, matching, count);
    }
    this.#count = count;
    this.#never = undefined;
    this.#decides = false;
    for (let at = 0; at < count; at++) {
      const policy = matching[at]!;
      if (policy.never) this.#never = first(this.#never, policy);
      if (policy.threshold !== undefined) this.#decides = true;
    }
  }

  /** Whether a policy that names a route, and otherwise matches, may change the outcome. */
  routeMatters(facts: Facts): boolean {
    if (!this.namesRoutes || facts.routeIsFinal || facts.route !== undefined || this.#never !== undefined)
      return false;
    const groups = this.#waiting;
    const count = this.#groups.collect(facts, groups, 0);
    if (count === 0) return false;
    const dropped = this.#decides && this.#ratioDrops(facts);
    const isKept = this.#decides && !dropped && !this.#isRated();
    for (let at = 0; at < count; at++) {
      const { restricts, decides, isLate } = groups[at]!;
      if ((restricts && !dropped) || (decides && !this.#decides) || (isLate && !isKept)) return true;
    }
    return false;
  }

  /** The decision of the matching policies; takes the tokens of their rates. `undefined` if none of them decides. */
  verdict(facts: Facts): Verdict | undefined {
    if (this.#never !== undefined) return this.#never.dropped;
    if (!this.#decides) return undefined;
    const { randomHigh, randomLow } = facts;
    let smallest: CompiledPolicy | undefined;
    let rated: CompiledPolicy | undefined;
    let lifted: CompiledPolicy | undefined;
    let refused: CompiledPolicy | undefined;
    let now = -1;
    for (let at = 0; at < this.#count; at++) {
      const policy = this.#matching[at]!;
      const { threshold, rate, floor, isPartial } = policy;
      if (threshold === undefined) continue;
      smallest = stricter(smallest, policy);
      if (rate !== undefined) rated = slower(rated, policy);
      if (!isPartial || passes(randomHigh, randomLow, threshold)) continue;
      if (floor !== undefined && now < 0) now = this.#now();
      if (floor?.has(now) === true) lifted = stricter(lifted, policy);
      else refused = stricter(refused, policy);
    }
    if (refused !== undefined) return refused.dropped;
    if (rated !== undefined) {
      if (now < 0) now = this.#now();
      for (let at = 0; at < this.#count; at++) {
        const policy = this.#matching[at]!;
        if (policy.rate?.has(now) === false) refused = slower(refused, policy);
      }
      if (refused !== undefined) return refused.dropped;
    }
    this.#takeTokens(now);
    if (lifted !== undefined) return lifted.keptByFloor;
    return rated?.keptByRate ?? smallest?.keptByRatio;
  }

  /** What the matching policies keep at the end. */
  lateRules(): LateRules | undefined {
    if (!this.isLate || this.#never !== undefined) return undefined;
    let failed: CompiledPolicy | undefined;
    let slow: CompiledPolicy | undefined;
    for (let at = 0; at < this.#count; at++) {
      const policy = this.#matching[at]!;
      if (policy.onError) failed = first(failed, policy);
      if (policy.slowerThanMs !== undefined) slow = longer(slow, policy);
    }
    if (failed === undefined && slow === undefined) return undefined;
    const slowerThanMs = slow?.slowerThanMs ?? Number.POSITIVE_INFINITY;
    return { onError: failed?.keptByError, slowerThanMs, slow: slow?.keptBySlowness };
  }

  /** Counts the matching policies, and the one that decided. */
  count(verdict: Verdict | undefined): void {
    for (let at = 0; at < this.#count; at++) this.#matching[at]!.state.counters.matched++;
    if (verdict instanceof PolicyVerdict) verdict.count();
  }

  /** Whether ratios drop the trace, and no floor may keep it. */
  #ratioDrops({ randomHigh, randomLow }: Facts): boolean {
    for (let at = 0; at < this.#count; at++) {
      const { threshold, isPartial, floor } = this.#matching[at]!;
      if (isPartial && floor === undefined && !passes(randomHigh, randomLow, threshold!)) return true;
    }
    return false;
  }

  #isRated(): boolean {
    for (let at = 0; at < this.#count; at++) {
      const { rate, floor } = this.#matching[at]!;
      if (rate !== undefined || floor !== undefined) return true;
    }
    return false;
  }

  /** A trace that a ratio keeps counts towards the floor of its policy. */
  #takeTokens(now: number): void {
    for (let at = 0; at < this.#count; at++) {
      const { rate, floor } = this.#matching[at]!;
      rate?.take();
      if (floor?.has(now < 0 ? this.#now() : now) === true) floor.take();
    }
  }
}

function namesHost({ host, attributes = {} }: Match = {}): boolean {
  return host !== undefined || Object.hasOwn(attributes, 'server.address');
}

function first(a: CompiledPolicy | undefined, b: CompiledPolicy): CompiledPolicy {
  return a === undefined || b.order < a.order ? b : a;
}

/** The one that keeps the smaller share. */
function stricter(a: CompiledPolicy | undefined, b: CompiledPolicy): CompiledPolicy {
  if (a === undefined) return b;
  const difference = compareThresholds(b.threshold!, a.threshold!);
  return difference === 0 ? first(a, b) : difference > 0 ? b : a;
}

/** The one with the lower rate. */
function slower(a: CompiledPolicy | undefined, b: CompiledPolicy): CompiledPolicy {
  if (a === undefined) return b;
  const difference = b.rate!.perSecond - a.rate!.perSecond;
  return difference === 0 ? first(a, b) : difference < 0 ? b : a;
}

/** The one with the longer time. */
function longer(a: CompiledPolicy | undefined, b: CompiledPolicy): CompiledPolicy {
  if (a === undefined) return b;
  const difference = b.slowerThanMs! - a.slowerThanMs!;
  return difference === 0 ? first(a, b) : difference > 0 ? b : a;
}
