import type { Extraction, TraceFormat } from '@clew/core';
import { emptyTraceState } from '@clew/core/internal';
import type { Baggage, SpanContext, TextMapGetter } from '@opentelemetry/api';

export const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
export const SPAN_ID = '00f067aa0ba902b7';

/** Any value that a carrier may return. */
export type Headers = Readonly<Record<string, unknown>>;

/** Extracts from these headers. */
export function extract(format: TraceFormat, headers: Headers): Extraction | undefined {
  return format.extract(headers, getter);
}

/** The number of look-ups a format needs if a carrier has none of its headers. */
export function lookUpsWithout(format: TraceFormat): { gets: number; lists: number } {
  const counted = { gets: 0, lists: 0 };
  format.extract(
    {},
    {
      get: () => {
        counted.gets++;
        return undefined;
      },
      keys: () => {
        counted.lists++;
        return [];
      },
    },
  );
  return counted;
}

/** The headers that a format writes for a span. */
export function inject(
  format: TraceFormat,
  spanContext: SpanContext,
  baggage?: Baggage,
): Record<string, string> {
  const headers: Record<string, string> = {};
  format.inject({ spanContext, baggage }, headers, {
    set(carrier, name, value) {
      carrier[name] = value;
    },
  });
  return headers;
}

/** A local span, with members of a trace state. */
export function spanOf(ids: Partial<SpanContext> = {}, members: Record<string, string> = {}): SpanContext {
  let traceState = emptyTraceState;
  for (const [key, value] of Object.entries(members)) traceState = traceState.set(key, value);
  return { traceId: TRACE_ID, spanId: SPAN_ID, traceFlags: 1, traceState, ...ids };
}

/** Describes an extraction in one line: `parent 4bf9…/00f0… sampled debug`, `start 4bf9… drop`. */
export function said(extraction: Extraction | undefined): string {
  if (extraction === undefined) return 'nothing';
  if (extraction.kind === 'start') {
    return ['start', extraction.traceId, extraction.decision].filter(Boolean).join(' ');
  }
  const { spanContext, debug, undecided } = extraction;
  const decision = undecided ? 'undecided' : spanContext.traceFlags & 1 ? 'sampled' : 'unsampled';
  return `parent ${spanContext.traceId}/${spanContext.spanId} ${decision}${debug ? ' debug' : ''}`;
}

/** Baggage as a plain object. */
export function baggageOf(extraction: Extraction | undefined): Record<string, string> {
  const entries = extraction?.baggage?.getAllEntries() ?? [];
  return Object.fromEntries(entries.map(([key, { value }]) => [key, value]));
}

const getter: TextMapGetter<Headers> = {
  get: (headers, name) =>
    Object.hasOwn(headers, name) ? (headers[name] as string | string[] | undefined) : undefined,
  keys: (headers) => Object.keys(headers),
};
