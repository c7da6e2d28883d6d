import { randomUUID } from 'node:crypto';

/** A trace point as OSProfiler 3.4.3 hands it to its drivers. */
export interface Point {
  readonly name: string;
  readonly base_id: string;
  readonly trace_id: string;
  readonly parent_id: string;
  readonly timestamp: string;
  readonly info: object;
  readonly project: string;
  readonly service: string;
}

/** The points of a span. */
export interface PointsOfSpan {
  readonly id: string;
  readonly start: Point;
  readonly stop: Point;
}

let clock = Date.UTC(2026, 10, 22, 12, 6, 14);

/** Makes the points of a span of one millisecond. */
export function span(
  name: string,
  baseId: string,
  {
    parentId = baseId,
    started = {},
    stopped = {},
  }: { parentId?: string; started?: object; stopped?: object } = {},
): PointsOfSpan {
  const id = randomUUID();
  const point = (end: string, info: object): Point => ({
    name: `${name}-${end}`,
    base_id: baseId,
    trace_id: id,
    parent_id: parentId,
    // Python writes six digits.
    timestamp: new Date(clock++).toISOString().replace('Z', '250'),
    info: { ...info, host: 'vm' },
    project: 'lab',
    service: 'api',
  });
  return { id, start: point('start', started), stop: point('stop', stopped) };
}

/** The points of a request that fails at its query, in the order in which they are written. */
export function failedRequest(baseId: string): Point[] {
  const request = { path: '/hello', query: 'x=1', method: 'GET', scheme: 'http' };
  const root = span('wsgi', baseId, { started: { request } });
  const call = span('rpc', baseId, {
    parentId: root.id,
    started: {
      function: {
        name: 'lab.Endpoint.add',
        args: "(<Endpoint object at 0x7f>, {'user': 'demo'})",
        kwargs: '{}',
      },
    },
  });
  const query = span('db', baseId, {
    parentId: call.id,
    started: { db: { statement: 'SELECT 1', params: { id: 1, names: ['a'] } } },
    stopped: { etype: 'OperationalError', message: 'gone' },
  });
  return [root.start, call.start, query.start, query.stop, call.stop, root.stop];
}

/** The tree of its spans. */
export const FAILED_REQUEST = ['SERVER GET /hello', '  INTERNAL lab.Endpoint.add', '    CLIENT db'];
