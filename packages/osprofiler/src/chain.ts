import { TRACE_ORIGIN, type TraceOrigin } from '@clew/core/internal';
import type { TraceState } from '@opentelemetry/api';

/** What OSProfiler's chain of services has and a span context has no room for. */
export interface Chain {
  /** The key that the chain began with: it signs everything further out. */
  readonly hmacKey: string;
  /** The id of the trace as it came, if it came with one: stores look for this very text. */
  readonly baseId: string | undefined;
}

/**
 * A trace state that remembers the chain beside its members. Spans hand their trace state on to their children, also
 * where a context value would not come along; and unlike a member, what is remembered here never leaves the process.
 */
class ChainedTraceState implements TraceState {
  /** The trace came with OSProfiler's signature, which can be replayed: a stronger one is not put on it. */
  readonly [TRACE_ORIGIN]: TraceOrigin = 'format';
  readonly #members: TraceState;
  readonly #chain: Chain;

  constructor(members: TraceState, chain: Chain) {
    this.#members = members;
    this.#chain = chain;
  }

  static chainOf(state: TraceState | undefined): Chain | undefined {
    return state !== undefined && #chain in state ? state.#chain : undefined;
  }

  get(key: string): string | undefined {
    return this.#members.get(key);
  }

  set(key: string, value: string): TraceState {
    return new ChainedTraceState(this.#members.set(key, value), this.#chain);
  }

  unset(key: string): TraceState {
    return new ChainedTraceState(this.#members.unset(key), this.#chain);
  }

  serialize(): string {
    return this.#members.serialize();
  }
}

/** The trace state with a chain to remember. */
export function withChain(members: TraceState, chain: Chain): TraceState {
  return new ChainedTraceState(members, chain);
}

/** The chain that a trace state remembers. */
export const chainOf: (state: TraceState | undefined) => Chain | undefined = ChainedTraceState.chainOf;
