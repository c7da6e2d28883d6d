import type { ReadableSpan, SpanProcessor } from '../src/index.ts';

/** A processor that keeps every ended span. */
export function keptSpans(): SpanProcessor & { readonly spans: ReadableSpan[] } {
  const spans: ReadableSpan[] = [];
  return {
    spans,
    onStart() {},
    onEnd: (span) => void spans.push(span),
    forceFlush: async () => {},
    shutdown: async () => {},
  };
}
