import type { SpanContext, TraceState } from '@opentelemetry/api';
import { emptyTraceState } from './w3c-trace-state.ts';

/**
 * A debug trace stays one on its way through the program, to other formats, and over W3C headers to other programs:
 * a span context has no flag for it, a trace state has room for a member of ours.
 */
export const DEBUG_KEY = 'clew';
const DEBUG = 'd:1';

/** The trace state with the mark of a debug trace. */
export function markDebug(state: TraceState = emptyTraceState): TraceState {
  return state.set(DEBUG_KEY, DEBUG);
}

/** Whether a trace state has the mark. */
export function isMarkedDebug(state: TraceState | undefined): boolean {
  return state !== undefined && state.get(DEBUG_KEY) === DEBUG;
}

/** Whether a span belongs to a debug trace. A trace that is not sampled is none, whatever its state says. */
export function isDebug({ traceFlags, traceState }: SpanContext): boolean {
  return (traceFlags & 1) === 1 && isMarkedDebug(traceState);
}
