import type { Collector } from '@clew/viewer';

/** What a tree shows of a span. */
export interface TreeSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string | undefined;
  readonly kind: string;
  readonly name: string;
}

/** The spans as lines `KIND name`, those of a parent beneath it and two spaces in; siblings by their names. */
export function treeOf(spans: readonly TreeSpan[]): string[] {
  const known = new Set(spans.map(({ spanId }) => spanId));
  const beneath = (parent: string | undefined, depth: number): string[] =>
    spans
      .filter(({ parentSpanId: above }) =>
        parent === undefined ? above === undefined || !known.has(above) : above === parent,
      )
      .map(({ kind, name, spanId, parentSpanId: above }) => {
        const orphan = parent === undefined && above !== undefined ? ' (its parent is missing)' : '';
        return { line: `${'  '.repeat(depth)}${kind} ${name}${orphan}`, spanId };
      })
      .sort((a, b) => (a.line < b.line ? -1 : 1))
      .flatMap(({ line, spanId }) => [line, ...beneath(spanId, depth + 1)]);
  return beneath(undefined, 0);
}

/** All that a collector got from a service. */
export function spansOf(collector: Collector, service: string) {
  return collector.store
    .traces({ service, limit: 1000 })
    .flatMap(({ traceId }) => collector.store.trace(traceId)?.spans ?? []);
}
