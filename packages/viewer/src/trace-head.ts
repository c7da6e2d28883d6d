import { type SpanRecord, serviceName } from './span-record.ts';
import { shortName, valueText } from './span-text.ts';

/** The span that names a trace in a list. */
export interface TraceHead {
  readonly spanId: string;
  readonly kind: SpanRecord['kind'] | '';
  readonly rank: number;
  readonly firstNs: bigint;
  readonly name: string;
  readonly service: string;
  /** The route of a request, the method of an RPC or the destination of a message; without these, the span's name. */
  readonly route: string;
  /** The HTTP status. */
  readonly status: number | undefined;
}

/** The ranks of spans as the head of a trace: the highest wins, then the earliest. */
export const RANK = { none: -1, other: 0, root: 1, servedRoot: 2 } as const;

/** Reads the head of a trace from a span. */
export function headOf(span: SpanRecord, rank: number): TraceHead {
  const { attributes } = span;
  const route =
    attributes['http.route'] ?? attributes['rpc.method'] ?? attributes['messaging.destination.name'];
  const status = attributes['http.response.status_code'] ?? attributes['http.status_code'];
  return {
    spanId: span.spanId,
    kind: span.kind,
    rank,
    firstNs: span.startTimeUnixNano,
    name: shortName(span.name),
    service: shortName(serviceName(span.resource)),
    route: shortName(route === undefined || route === '' ? span.name : valueText(route)),
    status: Number.isInteger(status) ? Number(status) : undefined,
  };
}

/**
 * The better head of a trace: its root. Where the root is a client, the SERVER span that it called names the trace
 * better: `GET /orders/:id` instead of `GET`. `serverBelow` looks for one that was received before the root.
 */
export function betterHead(
  head: TraceHead,
  span: SpanRecord,
  serverBelow: (spanId: string) => SpanRecord | undefined,
): TraceHead {
  if (span.parentSpanId === undefined) {
    if (!isBetter(RANK.root, span, head)) return head;
    const server = span.kind === 'CLIENT' ? serverBelow(span.spanId) : undefined;
    return server === undefined ? headOf(span, RANK.root) : headOf(server, RANK.servedRoot);
  }
  if (head.rank === RANK.root && head.kind === 'CLIENT' && isServerOf(head.spanId, span))
    return headOf(span, RANK.servedRoot);
  return isBetter(RANK.other, span, head) ? headOf(span, RANK.other) : head;
}

/** In Zipkin's model, both sides of a call have one id. */
function isServerOf(clientId: string, { kind, spanId, parentSpanId }: SpanRecord): boolean {
  return kind === 'SERVER' && (parentSpanId === clientId || spanId === clientId);
}

function isBetter(rank: number, { startTimeUnixNano }: SpanRecord, head: TraceHead): boolean {
  return rank === head.rank ? startTimeUnixNano < head.firstNs : rank > head.rank;
}
