import { type Context, TraceFlags, trace } from '@opentelemetry/api';
import type { Tools } from '../kit/target.ts';

/** The options of a plugin for clients that this file reads. */
interface CallOptions {
  readonly requireParentSpan: boolean;
}

/**
 * Whether the span of a call in this context can be recorded. If not, the call needs no span, because it propagates no
 * context itself. A parent that has ended, or that belongs to another process, does not record anything: its sampled flag
 * decides.
 */
export function isRecorded({ options }: Tools<CallOptions>, parent: Context): boolean {
  const span = trace.getSpan(parent);
  if (span === undefined) return !options.requireParentSpan;
  return span.isRecording() || (span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0;
}
