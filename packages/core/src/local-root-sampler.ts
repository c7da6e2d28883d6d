import type { Attributes, Context, SpanKind, TraceState } from '@opentelemetry/api';

/** The method of a {@link LocalRootSampler}. */
export const DECIDE_LOCAL_ROOT: unique symbol = Symbol.for('clew.decide-local-root');

/**
 * The agreement between Clew's tracer and a sampler that decides once for each local root, and may postpone the decision
 * until the route is known or the local root ends. Another tracer calls `shouldSample` instead, and decides at the start.
 */
export interface LocalRootSampler {
  [DECIDE_LOCAL_ROOT](root: LocalRoot): LocalRootDecision;
}

/** The first span of a trace in this process, as known when it starts. Valid during the call only. */
export interface LocalRoot {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes: Readonly<Attributes>;
  /** The context of the remote parent: baggage, signatures, sampling hints. */
  readonly context: Context;
  /** The trace flags of the remote parent; -1 without one. */
  readonly parentFlags: number;
  readonly traceState: TraceState | undefined;
  /** The last 56 bits of the trace id: the upper 24 and the lower 32 of them, both unsigned. */
  readonly randomHigh: number;
  readonly randomLow: number;
}

/** A decision about all spans of a trace in this process. */
export interface LocalRootDecision {
  /** Whether the spans that start from now on are sampled. */
  readonly sampled: boolean;
  /** The trace state of the local root and its children, after the sampler's changes. */
  readonly traceState: TraceState | undefined;
  /** Set on the local root's span, if it is recorded. */
  readonly attributes?: Readonly<Attributes> | undefined;
  /**
   * Decides later. Until then, the trace is recorded but not exported, and downstream services see it as unsampled. With
   * `sampled`, the decision stands, and the calls only inform the sampler; their results are ignored.
   */
  readonly pending?: PendingDecision | undefined;
}

/** A decision that depends on what is not known at the start. */
export interface PendingDecision {
  /** Whether `atRoute` decides. */
  readonly needsRoute: boolean;
  /** Called once, when a router has matched, if `needsRoute`. The result may be pending until the end. */
  atRoute(route: string): LocalRootDecision;
  /** Called once, when the local root has ended; the result is never pending. */
  atEnd(end: LocalRootEnd): LocalRootDecision;
}

/** What is known when the local root ends. */
export interface LocalRootEnd {
  /** Whether the status of the local root is ERROR. */
  readonly isError: boolean;
  readonly durationMs: number;
}
