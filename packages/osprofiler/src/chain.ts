import { TRACE_ORIGIN, type TraceOrigin } from '@clew/core/internal';
import type { TraceState } from '@opentelemetry/api';
import { traceIdOfUuid, uuidOfTraceId } from './uuids.ts';

/** The state of OSProfiler's chain of services that does not fit into a span context. */
export interface Chain {
  /** The key with which the chain started, and with which all later services sign. */
  readonly hmacKey: string;
  /** The received text of the trace's id, if there was one: OSProfiler's storage is searched for exactly this text. */
  readonly baseId: string | undefined;
  /** The received parent, if there was one: OSProfiler joins spans by the exact text of its id. */
  readonly parent: ReceivedParent | undefined;
}

/** The span that sent the trace. */
export interface ReceivedParent {
  /** The span id that `parentId` became. */
  readonly spanId: string;
  readonly parentId: string;
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

/** The `base_id` of a trace: the received text, if it belongs to this trace. */
export function baseIdOf(traceId: string, chain: Chain | undefined): string {
  const received = chain?.baseId;
  const isSame = received !== undefined && traceIdOfUuid(received) === traceId;
  return isSame ? received : uuidOfTraceId(traceId);
}
