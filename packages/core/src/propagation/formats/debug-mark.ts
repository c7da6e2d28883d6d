import type { SpanContext, TraceState } from '@opentelemetry/api';
import { emptyTraceState } from './w3c-trace-state.ts';

/**
 * The tracestate member that marks a debug trace, within the process and in W3C headers: a span context has no flag for
 * it.
 */
export const DEBUG_KEY = 'clew';
const DEBUG = 'd:1';

/** Returns the trace state with the mark of a debug trace. */
export function markDebug(state: TraceState = emptyTraceState): TraceState {
  return state.set(DEBUG_KEY, DEBUG);
}

/** Whether a trace state has the mark. */
export function isMarkedDebug(state: TraceState | undefined): boolean {
  return state !== undefined && state.get(DEBUG_KEY) === DEBUG;
}

/** Whether a span belongs to a debug trace. A trace that is not sampled is never a debug trace. */
export function isDebug({ traceFlags, traceState }: SpanContext): boolean {
  return (traceFlags & 1) === 1 && isMarkedDebug(traceState);
}
