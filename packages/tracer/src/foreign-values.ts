import { KnownSpanContext, RemoteSpanContext } from '@clew/core/internal';
import type { Span, SpanContext } from '@opentelemetry/api';

/** A name as text, whatever the application gives: an object without a prototype has no text of its own. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  try {
    return String(value);
  } catch {
    return typeof value;
  }
}

/** A span context of the application, without the parts that have the wrong type; `undefined` where it can't be read. */
export function contextOf(given: unknown): SpanContext | undefined {
  if (given instanceof RemoteSpanContext || given instanceof KnownSpanContext) return given;
  if (typeof given !== 'object' || given === null) return undefined;
  const { traceId, spanId, traceFlags, traceState, isRemote } = given as Partial<SpanContext>;
  const fits = typeof traceId === 'string' && typeof spanId === 'string';
  const hasState = typeof traceState?.get === 'function' && typeof traceState.serialize === 'function';
  if (fits && typeof traceFlags === 'number' && (hasState || traceState === undefined))
    return given as SpanContext;
  return {
    traceId: fits ? traceId : '',
    spanId: fits ? spanId : '',
    traceFlags: typeof traceFlags === 'number' ? traceFlags : 0,
    ...(isRemote === true && { isRemote }),
    ...(hasState && { traceState }),
  };
}

/** The context of a span that was not started here; `undefined` where it has no valid one. */
export function contextOfSpan(span: Span | null | undefined): SpanContext | undefined {
  return typeof span?.spanContext === 'function' ? contextOf(span.spanContext()) : undefined;
}

/** Reads a value of the application's; `undefined` where that throws: a getter or a proxy may. */
export function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
