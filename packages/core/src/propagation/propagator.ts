import {
  type Context,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
  trace,
} from '@opentelemetry/api';
import { isTracingSuppressed } from '../context/suppression.ts';
import type { ContextFormat, TraceFormat } from './format.ts';

/** Which formats are read, in order, and which are written. */
export interface PropagatorOptions {
  /** The first that finds a valid span context wins. */
  readonly extract: readonly TraceFormat[];
  /** All are written. */
  readonly inject: readonly TraceFormat[];
  /** Read and written beside the trace. */
  readonly beside: readonly ContextFormat[];
}

/** Makes an OpenTelemetry propagator of wire formats. */
export function createPropagator(options: PropagatorOptions): TextMapPropagator {
  const { extract, inject, beside } = options;
  const fields = [...new Set([...inject, ...beside].flatMap((format) => format.fields))];
  return {
    extract<C>(context: Context, carrier: C, getter: TextMapGetter<C>): Context {
      let extracted = context;
      for (const format of extract) {
        const spanContext = format.extract(carrier, getter);
        if (spanContext === undefined) continue;
        extracted = trace.setSpanContext(extracted, spanContext);
        break;
      }
      for (const format of beside) extracted = format.extract(extracted, carrier, getter);
      return extracted;
    },
    inject<C>(context: Context, carrier: C, setter: TextMapSetter<C>): void {
      if (isTracingSuppressed(context)) return;
      const spanContext = trace.getSpanContext(context);
      if (spanContext !== undefined && trace.isSpanContextValid(spanContext)) {
        for (const format of inject) format.inject(spanContext, carrier, setter);
      }
      for (const format of beside) format.inject(context, carrier, setter);
    },
    fields: () => [...fields],
  };
}
