import type { Context, SpanContext, TextMapGetter, TextMapSetter } from '@opentelemetry/api';

/**
 * One wire format of trace context: a pair of pure functions over a carrier.
 * `extract` gives `undefined` where the format is absent (at the cost of one look-up) or malformed (and counted).
 */
export interface TraceFormat {
  /** As in `OTEL_PROPAGATORS`. */
  readonly name: string;
  readonly fields: readonly string[];
  extract<C>(carrier: C, getter: TextMapGetter<C>): SpanContext | undefined;
  inject<C>(spanContext: SpanContext, carrier: C, setter: TextMapSetter<C>): void;
}

/** A format of what travels beside the trace, baggage above all. */
export interface ContextFormat {
  readonly name: string;
  readonly fields: readonly string[];
  /** Returns the context given where there is nothing to add. */
  extract<C>(context: Context, carrier: C, getter: TextMapGetter<C>): Context;
  inject<C>(context: Context, carrier: C, setter: TextMapSetter<C>): void;
}

/** A header's value as one text: several headers of a name are one list. */
export function joined(value: string | string[] | undefined): string | undefined {
  if (typeof value === 'string') return value;
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
    ? value.join(',')
    : undefined;
}
