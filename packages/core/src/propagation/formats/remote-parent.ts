import type { SpanContext, TraceState } from '@opentelemetry/api';
import type { Extraction, SamplingHint } from '../format.ts';
import { markDebug } from './debug-mark.ts';

/** Creates an extraction from ids and the peer's sampling decision; `undefined` means that the peer made none. */
export function remoteParent(
  traceId: string,
  spanId: string,
  decision: SamplingHint | undefined,
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

/** Creates an extraction without a parent; `undefined` if there is neither a trace id nor a decision. */
export function startOf(
  traceId: string | undefined,
  decision: SamplingHint | undefined,
  traceState?: TraceState,
): Extraction | undefined {
  if (traceId === undefined && decision === undefined) return undefined;
  const state = decision === 'force' ? markDebug(traceState) : traceState;
  return {
    kind: 'start',
    ...(traceId !== undefined && { traceId }),
    ...(decision !== undefined && { decision }),
    ...(state !== undefined && { traceState: state }),
  };
}
