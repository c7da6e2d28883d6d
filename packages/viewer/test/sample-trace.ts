import type { Attributes, SpanRecord, Trace } from '../src/span-record.ts';

/** A test's description of a span; times in milliseconds after the start of the trace. */
export interface SpanSketch {
  readonly id: string;
  readonly parent?: string;
  readonly name: string;
  readonly service?: string;
  readonly kind?: SpanRecord['kind'];
  readonly at?: number;
  readonly ms?: number;
  readonly error?: string;
  readonly attributes?: Attributes;
  readonly events?: SpanRecord['events'];
  readonly links?: SpanRecord['links'];
}

export const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
export const START = 1_782_907_200_000_000_000n;

export function sketch(spans: readonly SpanSketch[], traceId = TRACE_ID): Trace {
  return { traceId, spans: spans.map((span) => record(span, traceId)) };
}

function record(span: SpanSketch, traceId: string): SpanRecord {
  const start = START + BigInt(Math.round((span.at ?? 0) * 1e6));
  return {
    traceId,
    spanId: span.id.padStart(16, '0'),
    ...(span.parent !== undefined && { parentSpanId: span.parent.padStart(16, '0') }),
    traceState: '',
    flags: 1,
    name: span.name,
    kind: span.kind ?? 'INTERNAL',
    startTimeUnixNano: start,
    endTimeUnixNano: start + BigInt(Math.round((span.ms ?? 1) * 1e6)),
    attributes: span.attributes ?? {},
    events: span.events ?? [],
    links: span.links ?? [],
    status:
      span.error === undefined ? { code: 'UNSET', message: '' } : { code: 'ERROR', message: span.error },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
    resource: { attributes: { 'service.name': span.service ?? 'shop' } },
    scope: { name: 'test', version: '1', attributes: {} },
  };
}

/** A trace of a gateway, an order service that receives messages and queries a database, and a declined payment. */
export const ORDER: Trace = sketch([
  {
    id: 'a1',
    name: 'POST /orders',
    service: 'gateway',
    kind: 'SERVER',
    at: 0,
    ms: 84.2,
    attributes: { 'http.request.method': 'POST', 'http.route': '/orders', 'http.response.status_code': 402 },
    error: '402',
  },
  { id: 'a2', parent: 'a1', name: 'middleware - authenticate', service: 'gateway', at: 0.3, ms: 2.1 },
  {
    id: 'a3',
    parent: 'a1',
    name: 'orders.create',
    service: 'gateway',
    kind: 'CLIENT',
    at: 3.1,
    ms: 78.4,
    attributes: { 'rpc.system.name': 'amqp' },
  },
  { id: 'b1', parent: 'a3', name: 'orders.create', service: 'orders', kind: 'SERVER', at: 5.2, ms: 74.1 },
  {
    id: 'b2',
    parent: 'b1',
    name: 'SELECT stock',
    service: 'orders',
    kind: 'CLIENT',
    at: 6.4,
    ms: 8.7,
    attributes: {
      'db.system.name': 'postgresql',
      'db.query.text': 'select * from stock where sku in ($1, $2)',
    },
  },
  { id: 'b3', parent: 'b1', name: 'INSERT orders', service: 'orders', kind: 'CLIENT', at: 16.8, ms: 5.2 },
  {
    id: 'b4',
    parent: 'b1',
    name: 'POST',
    service: 'orders',
    kind: 'CLIENT',
    at: 23.5,
    ms: 53.9,
    error: 'declined',
  },
  {
    id: 'c1',
    parent: 'b4',
    name: 'POST /charges',
    service: 'payments',
    kind: 'SERVER',
    at: 26.2,
    ms: 48.8,
    error: 'declined',
    events: [
      {
        name: 'exception',
        timeUnixNano: START + 70_000_000n,
        attributes: {
          'exception.type': 'CardDeclinedError',
          'exception.message': 'the issuer declined card ending in 4242',
        },
      },
    ],
  },
  {
    id: 'd1',
    parent: 'b1',
    name: 'order.placed send',
    service: 'orders',
    kind: 'PRODUCER',
    at: 22.4,
    ms: 0.9,
  },
  {
    id: 'e1',
    parent: 'd1',
    name: 'order.placed process',
    service: 'mailer',
    kind: 'CONSUMER',
    at: 24.9,
    ms: 14.6,
    links: [
      {
        traceId: '0af7651916cd43dd8448eb211c80319c',
        spanId: 'b7ad6b7169203331',
        traceState: '',
        attributes: {},
      },
    ],
  },
]);
