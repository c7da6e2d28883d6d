import type { Collector } from '@clew/viewer';

/** The members of a span that a tree shows. */
export interface TreeSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string | undefined;
  readonly kind: string;
  readonly name: string;
}

/** The spans as lines `KIND name`, children below their parent and indented; siblings sorted by name. */
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

/** All spans that a collector received from a service. */
export function spansOf(collector: Collector, service: string) {
  return collector.store
    .traces({ service, limit: 1000 })
    .flatMap(({ traceId }) => collector.store.trace(traceId)?.spans ?? []);
}
