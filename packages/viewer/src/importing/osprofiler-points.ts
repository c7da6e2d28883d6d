import { spanIdOfUuid, traceIdOfUuid } from '@clew/osprofiler/uuids';
import { setAttribute } from '../otlp-limits.ts';
import type { Attributes, AttributeValue, SpanKind, SpanRecord } from '../span-record.ts';
import { importedSpan, type Json, resourceOf } from './imported-span.ts';
import { type Point, timeOf } from './osprofiler-point.ts';

// The name `rpc` is used for callers, for servers and for methods that are called in the same process.
const KINDS = new Map<string, SpanKind>([
  ['wsgi', 'SERVER'],
  ['db', 'CLIENT'],
  ['http', 'CLIENT'],
  ['https', 'CLIENT'],
]);

/** OSProfiler's keys that have a name in the semantic conventions. */
const CONVENTIONS = new Map(
  Object.entries({
    'request.method': 'http.request.method',
    'request.path': 'url.path',
    'request.query': 'url.query',
    'request.scheme': 'url.scheme',
    'requests.method': 'http.request.method',
    'requests.path': 'url.path',
    'requests.hostname': 'server.address',
    'requests.port': 'server.port',
    'requests.scheme': 'url.scheme',
    'requests.status_code': 'http.response.status_code',
    'db.statement': 'db.query.text',
  }),
);

/** The points of a span; at least one of them. */
export interface PointPair {
  start?: Point;
  stop?: Point;
}

/** Makes a span. Without its other half, a point is a span without a duration. */
export function spanOfPair({ start, stop }: PointPair): SpanRecord {
  const point = (start ?? stop)!;
  const { base_id, trace_id, parent_id, project, service } = point;
  const name = point.name.replace(/-(start|stop)$/, '');
  const started = start?.info ?? {};
  const stopped = stop?.info ?? {};
  const { etype, message } = stopped;
  const first = timeOf(point);
  const missing = start === undefined ? 'start' : stop === undefined ? 'stop' : undefined;
  return importedSpan({
    traceId: traceIdOfUuid(base_id),
    spanId: spanIdOfUuid(trace_id),
    // The root has the id of the trace as its parent.
    ...(parent_id !== undefined && parent_id !== base_id && { parentSpanId: spanIdOfUuid(parent_id) }),
    name: titleOf(name, started),
    kind: KINDS.get(name) ?? 'INTERNAL',
    startTimeUnixNano: first,
    endTimeUnixNano: stop === undefined ? first : timeOf(stop),
    attributes: {
      ...flattened(started),
      ...flattened(stopped),
      'osprofiler.trace_id': trace_id,
      'osprofiler.name': name,
      ...(missing !== undefined && { 'osprofiler.missing': missing }),
    },
    status:
      typeof etype === 'string'
        ? { code: 'ERROR', message: typeof message === 'string' ? message : etype }
        : { code: 'UNSET', message: '' },
    resource: resourceOf(service ?? project ?? 'unknown_service', {
      ...(project !== undefined && { 'service.namespace': project }),
      ...(typeof started.host === 'string' && { 'host.name': started.host }),
    }),
    scope: { name: 'osprofiler', version: '', attributes: {} },
  });
}

/** `GET /v3` for a request, the function's name for a call; else the name of the point. */
function titleOf(name: string, info: Json): string {
  const { method, path } = jsonOf(info.request ?? info.requests);
  if (typeof method === 'string') return typeof path === 'string' ? `${method} ${path}`.trim() : method;
  const called = jsonOf(info.function).name;
  return typeof called === 'string' ? called : name;
}

function jsonOf(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

/** `info` as attributes: nested keys joined by dots. */
function flattened(info: Json): Attributes {
  const attributes: { [key: string]: AttributeValue } = {};
  for (const [group, value] of Object.entries(info)) {
    if (group === 'host' || group === 'etype' || group === 'message') continue;
    if (typeof value !== 'object' || value === null) setAttribute(attributes, group, value as AttributeValue);
    else
      for (const [key, each] of Object.entries(value)) {
        const name = `${group}.${key}`;
        if (each !== null && each !== '')
          setAttribute(attributes, CONVENTIONS.get(name) ?? name, each as AttributeValue);
      }
  }
  return typeof info.etype === 'string' ? { ...attributes, 'error.type': info.etype } : attributes;
}
