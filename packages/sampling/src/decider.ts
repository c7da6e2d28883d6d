import type { Attributes, Context, SpanKind } from '@opentelemetry/api';
import type { Origin, PolicySet } from './policy.ts';

/** The local root of a trace, as known at the moment of a decision. */
export interface Facts {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes: Readonly<Attributes>;
  readonly context: Context;
  readonly origin: Origin;
  /** The 56 random bits of the trace, from `rv` in its trace state or from its id: the upper 24 and the lower 32. */
  readonly randomHigh: number;
  readonly randomLow: number;
  /** The route; `undefined` until a router has matched. */
  readonly route: string | undefined;
  /** Whether no router can match any more: the route is known, or there is none. */
  readonly routeIsFinal: boolean;
}

/** A decision. Created once for each rule and outcome: a decision for a request allocates nothing. */
export interface Verdict {
  readonly sampled: boolean;
  /** The threshold of consistent probability for `th`; `undefined` where the probability is not known. */
  readonly threshold: Threshold | undefined;
  /** Attributes of the local root's span: `clew.sampling.policy`, `clew.sampling.kept`, `sampler.type`. */
  readonly attributes: Readonly<Attributes> | undefined;
}

/** The 56-bit rejection threshold of a ratio, as two numbers, and its text in `th`. */
export interface Threshold {
  readonly high: number;
  readonly low: number;
  readonly text: string;
}

/** Verdicts at the end of a local root that was not sampled until then. */
export interface LateRules {
  readonly onError: Verdict | undefined;
  /** Milliseconds; `Infinity` where only errors matter. */
  readonly slowerThanMs: number;
  readonly slow: Verdict | undefined;
  /**
   * Called once when the local root has ended, for the statistics of a rule: whether its status is ERROR, and whether the
   * trace was sampled in the end. A trace whose rules have it is recorded until its end, sampled or not.
   */
  readonly ended?: ((isError: boolean, sampled: boolean) => void) | undefined;
}

/**
 * The rules of one provider, compiled: policies, Jaeger's strategies, X-Ray's rules. A decider never changes; a provider
 * replaces it as a whole. State that survives a replacement, such as the tokens of a rate, is passed on to the new one.
 */
export interface Decider {
  /** Whether a rule names the host, which Clew's HTTP plugin reads before the decision only if this is `true`. */
  readonly needsHost?: boolean;
  /** Whether a rule that applies to these facts needs the route, which is not known yet. */
  needsRoute(facts: Facts): boolean;
  /** Decides by what is known. `undefined`: no rule decides, and the next step of the precedence does. */
  decide(facts: Facts): Verdict | undefined;
  /** The rules that may still keep the trace at its end, or count its end; `undefined` if there are no such rules. */
  late(facts: Facts): LateRules | undefined;
}

/** Where rules come from. Nothing in it throws, and its timers do not keep the process alive. */
export interface Provider {
  /** For logs and counters: `file policies.yaml`, `http://…`. */
  readonly name: string;
  /**
   * Which provider's policy is used where several have one with the same id: the one with the lowest number. OpAMP 1,
   * HTTP 2, file 3, all others 4, which is the default.
   */
  readonly priority?: number | undefined;
  /**
   * Starts to load. `inForce` is called with each new set, and never with an invalid one: with policies as `readPolicies`
   * returns them, which the sampler merges and compiles, or with a decider of another kind. `origin` is the version,
   * ETag or hash of the set, for logs.
   */
  start(inForce: (rules: PolicySet | Decider, origin: string) => void): void;
  /** Counters since the start. */
  stats(): ProviderStats;
  stop(): void;
}

/** Counters of a provider. */
export interface ProviderStats {
  readonly loads: number;
  /** Loads whose content was the same as before. */
  readonly unchanged: number;
  /** Failed loads by cause. */
  readonly failures: Readonly<Record<string, number>>;
  /** Version, ETag or hash of the set in force; `undefined` before the first. */
  readonly version: string | undefined;
}
