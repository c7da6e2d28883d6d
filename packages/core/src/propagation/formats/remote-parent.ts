import type { SpanContext, TraceState } from '@opentelemetry/api';
import type { Extraction, SamplingWish } from '../format.ts';
import { markDebug } from './debug-mark.ts';

/** Makes an extraction of ids and of what the peer decided; `undefined` is a decision left to us. */
export function remoteParent(
  traceId: string,
  spanId: string,
  decision: SamplingWish | undefined,
  traceState?: TraceState,
): Extraction {
  const sampled = decision === 'sample' || decision === 'force';
  const spanContext: SpanContext = { traceId, spanId, traceFlags: sampled ? 1 : 0, isRemote: true };
  const state = decision === 'force' ? markDebug(traceState) : traceState;
  if (state !== undefined) spanContext.traceState = state;
  if (decision === undefined) return { kind: 'parent', spanContext, undecided: true };
  return decision === 'force'
    ? { kind: 'parent', spanContext, debug: true }
    : { kind: 'parent', spanContext };
}

/** Makes an extraction of what a peer says that gives no parent; `undefined` when it says nothing. */
export function startOf(
  traceId: string | undefined,
  decision: SamplingWish | undefined,
  traceState?: TraceState,
): Extraction | undefined {
  if (traceId === undefined && decision === undefined) return undefined;
  return {
    kind: 'start',
    ...(traceId !== undefined && { traceId }),
    ...(decision !== undefined && { decision }),
    ...(traceState !== undefined && { traceState }),
  };
}
