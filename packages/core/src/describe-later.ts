import type { Attributes, Span } from '@opentelemetry/api';

/** The method of a {@link DescribedLater} span. */
export const DESCRIBE_LATER: unique symbol = Symbol.for('clew.describe-later');

/** The span of a local root, whose attributes are needed only if its trace is kept. See docs/core-and-tracer.md. */
export interface DescribedLater {
  /**
   * Returns whether the trace waits for its decision. If so, `describe` is called at most once, when the trace is kept, and
   * its attributes are added to those that the span has by then. Never throws.
   */
  [DESCRIBE_LATER](describe: () => Attributes): boolean;
}

/** Postpones the description of a span if it is a {@link DescribedLater}; `false` for other spans. */
export function describeLater(span: Span & Partial<DescribedLater>, describe: () => Attributes): boolean {
  return span[DESCRIBE_LATER]?.(describe) === true;
}
