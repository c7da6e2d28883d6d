import { baseIdOf, chainOf } from '../chain.ts';
import { uuidOfSpanId } from '../uuids.ts';
import type { EndedSpan } from './ended-span.ts';

/** The ids of both points of a span. */
export interface PointIds {
  readonly base_id: string;
  readonly trace_id: string;
  readonly parent_id: string;
}

/** Whether OSProfiler began the trace of a span: it arrived in OSProfiler's headers or in `trace_info`. */
export function isFromOsprofiler(span: EndedSpan): boolean {
  return chainOf(span.spanContext().traceState) !== undefined;
}

/**
 * The ids of a span's points. OSProfiler joins them by their text: the parent in another service has the id that was
 * received, and a span without a parent has the `base_id`.
 */
export function idsOf(span: EndedSpan): PointIds {
  const { traceId, spanId, traceState } = span.spanContext();
  const parentId = span.parentSpanContext?.spanId;
  const chain = chainOf(traceState);
  const baseId = baseIdOf(traceId, chain);
  return { base_id: baseId, trace_id: uuidOfSpanId(spanId), parent_id: parentText() };

  function parentText(): string {
    if (parentId === undefined) return baseId;
    const received = chain?.parent;
    return received?.spanId === parentId ? received.parentId : uuidOfSpanId(parentId);
  }
}

/** The columns of OSProfiler's table have 255 characters, and databases refuse control characters. */
const STORABLE = /^[^\p{Cc}\p{Cs}]{1,255}$/u;

/** Whether every store accepts the ids; those of another service may be any text. */
export function areStorable({ base_id, parent_id }: PointIds): boolean {
  return STORABLE.test(base_id) && STORABLE.test(parent_id);
}
