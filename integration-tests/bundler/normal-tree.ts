import type { spansOf } from '../span-tree.ts';

type Span = ReturnType<typeof spansOf>[number];

/** What two runs of a program have in common, as one tree for each trace. */
export interface NormalSpan {
  readonly name: string;
  readonly [property: string]: unknown;
  readonly children: readonly NormalSpan[];
}

const TIMES = /timeUnixNano$|_ms$/i;
const VARYING = /^process\.|^service\.instance\.id$|\.port$|message\.(id|conversation_id)$/;
const IDS = ['traceId', 'spanId', 'parentSpanId', 'children'];

/**
 * Returns everything about spans except times, ids, ports of one run and stack traces. Siblings are sorted. The time
 * that a call has waited is an attribute only if the call had to wait.
 */
export function normalTree(spans: readonly Span[]): NormalSpan[] {
  const known = new Set(spans.map(({ spanId }) => spanId));
  const childrenOf = (parent: string | undefined): NormalSpan[] =>
    spans
      .filter(({ parentSpanId = '' }) => (known.has(parentSpanId) ? parentSpanId : undefined) === parent)
      .map((span) => ({ ...(normal(span) as NormalSpan), children: childrenOf(span.spanId) }))
      .map((span) => ({ span, text: JSON.stringify(span) }))
      .sort((one, other) => (one.text < other.text ? -1 : 1))
      .map(({ span }) => span);
  return childrenOf(undefined);
}

function normal(value: unknown, name = ''): unknown {
  if (VARYING.test(name)) return name;
  if (typeof value === 'string') return normalText(name, value);
  if (typeof value === 'bigint') return `${value}`;
  if (Array.isArray(value)) return value.map((each) => normal(each));
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([key]) => !TIMES.test(key) && !IDS.includes(key));
  return Object.fromEntries(kept.sort().map(([key, each]) => [key, normal(each, key)]));
}

function normalText(name: string, text: string): string {
  if (name === 'exception.stacktrace') return text.split('\n', 1)[0] as string;
  return text.replace(/(127\.0\.0\.1|localhost):\d+/g, '$1:PORT');
}
