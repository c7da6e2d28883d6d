import type { Collector } from '@clew/viewer';

/** The properties of a span that a tree needs. */
export interface TreeSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string | undefined;
  readonly kind: string;
  readonly name: string;
}

/** Formats spans as lines `KIND name`: children are indented below their parent, and siblings sorted by name. */
export function treeOf(spans: readonly TreeSpan[]): string[] {
  const known = new Set(spans.map(({ spanId }) => spanId));
  const linesBelow = (parent: string | undefined, depth: number): string[] =>
    spans
      .filter(({ parentSpanId: ownParent }) =>
        parent === undefined ? ownParent === undefined || !known.has(ownParent) : ownParent === parent,
      )
      .map(({ kind, name, spanId, parentSpanId: ownParent }) => {
        const orphan = parent === undefined && ownParent !== undefined ? ' (its parent is missing)' : '';
        return { line: `${'  '.repeat(depth)}${kind} ${name}${orphan}`, spanId };
      })
      .sort((a, b) => (a.line < b.line ? -1 : 1))
      .flatMap(({ line, spanId }) => [line, ...linesBelow(spanId, depth + 1)]);
  return linesBelow(undefined, 0);
}

/** Returns all spans that a collector received from a service. */
export function spansOf(collector: Collector, service: string) {
  return collector.store
    .traces({ service, limit: 1000 })
    .flatMap(({ traceId }) => collector.store.trace(traceId)?.spans ?? []);
}
