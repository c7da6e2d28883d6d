import { KnownSpanContext, RemoteSpanContext } from '@clew/core/internal';
import type { Span, SpanContext } from '@opentelemetry/api';

/** Converts any value to a string; objects whose conversion throws become their type's name. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  try {
    return String(value);
  } catch {
    return typeof value;
  }
}

/** Returns the application's span context without parts of the wrong type; `undefined` if it is not an object. */
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

/** Returns the context of a span created elsewhere; `undefined` if it has none. */
export function contextOfSpan(span: Span | null | undefined): SpanContext | undefined {
  return typeof span?.spanContext === 'function' ? contextOf(span.spanContext()) : undefined;
}

/** Returns what `read` returns, or `undefined` if it throws: the application's getters and proxies may. */
export function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
