import { emptyTraceState, traceStateText } from '@clew/core/internal';
import type { TraceState } from '@opentelemetry/api';
import type { Threshold } from '../decider.ts';

const KEY = 'ot';
const MAX_CHARS = 256;
const RANDOM_VALUE = /^[\da-f]{14}$/;

/** The randomness of a trace: the upper 24 and the lower 32 bits. */
export interface Randomness {
  readonly randomHigh: number;
  readonly randomLow: number;
}

/**
 * The `rv` of a trace state; `undefined` without a valid one.
 *
 * @see https://opentelemetry.io/docs/specs/otel/trace/tracestate-handling/
 */
export function randomValueOf(traceState: TraceState | undefined): Randomness | undefined {
  const rv = membersOf(traceState)
    ?.find((member) => member.startsWith('rv:'))
    ?.slice(3);
  if (rv === undefined || !RANDOM_VALUE.test(rv)) return undefined;
  return { randomHigh: Number.parseInt(rv.slice(0, 6), 16), randomLow: Number.parseInt(rv.slice(6), 16) };
}

/** The last 56 bits of a trace id. */
export function randomnessOf(traceId: string): Randomness {
  return {
    randomHigh: Number.parseInt(traceId.slice(18, 24), 16),
    randomLow: Number.parseInt(traceId.slice(24, 32), 16),
  };
}

/** Sets or removes `th`; all other members stay. Returns the same trace state if there is nothing to change. */
export function withThreshold(
  traceState: TraceState | undefined,
  threshold: Threshold | undefined,
): TraceState | undefined {
  const members = membersOf(traceState);
  if (members === undefined) {
    if (threshold === undefined) return traceState;
    return (traceState ?? emptyTraceState).set(KEY, `th:${threshold.text}`);
  }
  const others = members.filter((member) => member !== '' && !member.startsWith('th:'));
  if (threshold === undefined && others.length === members.length) return traceState;
  const state = traceState ?? emptyTraceState;
  const value = [...(threshold === undefined ? [] : [`th:${threshold.text}`]), ...others].join(';');
  if (value.length > MAX_CHARS) return withThreshold(state, undefined);
  return value === '' ? state.unset(KEY) : state.set(KEY, value);
}

/** The members of `ot`. The text is searched first, because reading a member parses the trace state. */
function membersOf(traceState: TraceState | undefined): readonly string[] | undefined {
  if (traceState === undefined || traceStateText(traceState)?.includes('ot=') !== true) return undefined;
  return traceState.get(KEY)?.split(';');
}
