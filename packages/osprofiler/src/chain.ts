import { TRACE_ORIGIN, type TraceOrigin } from '@clew/core/internal';
import type { TraceState } from '@opentelemetry/api';

/** The state of OSProfiler's chain of services that does not fit into a span context. */
export interface Chain {
  /** The key with which the chain started, and with which all later services sign. */
  readonly hmacKey: string;
  /** The received text of the trace's id, if there was one: OSProfiler's storage is searched for exactly this text. */
  readonly baseId: string | undefined;
}

/**
 * A trace state that also holds the chain. Spans pass their trace state on to their children, even where a context value
 * would be lost; and unlike a member of the trace state, the chain is never sent.
 */
class ChainedTraceState implements TraceState {
  /** The trace had OSProfiler's signature, which can be replayed, so it must not be signed with a stronger one. */
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

/** Returns a trace state with the same members that also holds a chain. */
export function withChain(members: TraceState, chain: Chain): TraceState {
  return new ChainedTraceState(members, chain);
}

/** The chain of a trace state, if any. */
export const chainOf: (state: TraceState | undefined) => Chain | undefined = ChainedTraceState.chainOf;
