import type { Trace } from '../../src/span-record.ts';
import { ORDER, type SpanSketch, sketch } from '../sample-trace.ts';

/** The id of a trace of the shop, by its number. */
export function id(number: number): string {
  return number.toString(16).padStart(32, '0');
}

const QUERIES: SpanSketch[] = Array.from({ length: 40 }, (_, index) => ({
  id: `d${index}`,
  parent: '3',
  name: 'SELECT stock',
  service: 'orders',
  kind: 'CLIENT',
  at: 20 + index,
  ms: 0.5,
  attributes: { 'db.system.name': 'postgresql', 'db.namespace': 'shop' },
}));

function shopTrace(number: number, slow: number, error?: string): Trace {
  const messaging = { 'messaging.system': 'rabbitmq' };
  return sketch(
    [
      { id: '1', name: 'GET', service: 'browser', kind: 'CLIENT', at: number * 1000, ms: 100 * slow },
      {
        id: '2',
        parent: '1',
        name: 'GET /orders/:id',
        service: 'gateway',
        kind: 'SERVER',
        at: number * 1000 + 5,
        ms: 90 * slow,
        attributes: { 'http.route': '/orders/:id', 'http.response.status_code': error ? 500 : 200 },
        ...(error && { error }),
      },
      {
        id: '4',
        parent: '2',
        name: 'get',
        service: 'gateway',
        kind: 'CLIENT',
        at: number * 1000 + 10,
        ms: 80,
        attributes: messaging,
      },
      {
        id: '3',
        parent: '4',
        name: 'get',
        service: 'orders',
        kind: 'SERVER',
        at: number * 1000 + 20,
        ms: 60,
      },
      ...QUERIES.map((query) => ({ ...query, at: query.at! + number * 1000 })),
    ],
    id(number),
  );
}

/** Traces of a browser, a gateway, an order service and a database. */
export const SHOP: Trace[] = [ORDER, shopTrace(1, 1), shopTrace(2, 5), shopTrace(3, 2, 'out of stock')];
