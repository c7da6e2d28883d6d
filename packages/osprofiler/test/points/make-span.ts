import { osprofilerFormat } from '@clew/osprofiler';
import {
  type Attributes,
  defaultTextMapGetter,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
} from '@opentelemetry/api';
import type { EndedSpan } from '../../src/points/ended-span.ts';
import { signed, text } from '../golden-rows.ts';

const format = osprofilerFormat({ hmacKeys: 'SECRET_KEY' });
const SPAN_ID = '00f067aa0ba902b7';
const SAMPLED: SpanContext = { traceId: 'a'.repeat(32), spanId: SPAN_ID, traceFlags: 1 };

/** What a span has besides the defaults. */
export type SpanParts = Partial<Omit<EndedSpan, 'spanContext'>> & { readonly context?: SpanContext };

/** A span that took 1.5 ms. */
export function makeSpan({ context = SAMPLED, ...parts }: SpanParts = {}): EndedSpan {
  return {
    name: 'work',
    kind: SpanKind.INTERNAL,
    startTime: [1_795_000_000, 1_000_999],
    endTime: [1_795_000_000, 2_500_999],
    status: { code: SpanStatusCode.UNSET },
    attributes: {},
    events: [],
    resource: { attributes: { 'service.name': 'shop' } },
    ...parts,
    spanContext: () => context,
  };
}

/** The first span of a service that received these ids in OSProfiler's headers. */
export function receivedSpan(ids: object, attributes: Attributes = {}): EndedSpan {
  const headers = Object.entries(signed(text(ids))).map(([name, value]) => [name.toLowerCase(), value]);
  const extraction = format.extract(Object.fromEntries(headers), defaultTextMapGetter);
  if (extraction?.kind === 'parent') {
    const parent = extraction.spanContext;
    const context = { ...parent, spanId: SPAN_ID, isRemote: false };
    return makeSpan({ context, parentSpanContext: parent, attributes });
  }
  if (extraction?.kind !== 'start') throw new Error('OSProfiler does not accept these ids');
  const { traceId = SAMPLED.traceId, traceState } = extraction;
  return makeSpan({ context: { ...SAMPLED, traceId, ...(traceState && { traceState }) }, attributes });
}

/** A span below another one in the same service. */
export function childOf(parent: EndedSpan, spanId = '1111222233334444'): EndedSpan {
  const { traceState, ...context } = parent.spanContext();
  // Spans pass their trace state on, and members may be added to it.
  const own = { ...context, spanId, ...(traceState && { traceState: traceState.set('vendor', '1') }) };
  return makeSpan({ context: own, parentSpanContext: parent.spanContext() });
}
