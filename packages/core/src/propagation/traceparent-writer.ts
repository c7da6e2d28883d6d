import type { Span, TraceState } from '@opentelemetry/api';

/** The name of a method; a symbol, so that it can't be a property of the application's own span. */
export const WRITE_TRACEPARENT = Symbol.for('clew.write-traceparent');

/**
 * A span that writes its `traceparent` without creating a span context first. See docs/core-and-tracer.md.
 */
export interface TraceparentWriter {
  readonly traceState: TraceState | undefined;
  /** The value of a `traceparent`, version `00`. */
  [WRITE_TRACEPARENT](): string;
}

/** The span itself if it writes its own `traceparent`; `undefined` for the span of another tracer. */
export function traceparentWriterOf(span: Span & Partial<TraceparentWriter>): TraceparentWriter | undefined {
  return span[WRITE_TRACEPARENT] === undefined ? undefined : (span as Span & TraceparentWriter);
}
