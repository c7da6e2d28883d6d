import type { SpanKind, SpanRecord } from '../span-record.ts';
import {
  fromMicros,
  hexId,
  idIn,
  importedSpan,
  type Json,
  listIn,
  objectIn,
  resourceOf,
} from './imported-span.ts';

const KINDS = new Set(['SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER']);

/** Reads Zipkin's JSON v2: a list of spans, or a list of such lists. Throws ImportError. https://zipkin.io/zipkin-api/ */
export function spansOfZipkin(list: readonly unknown[]): SpanRecord[] {
  return list
    .flatMap((item): readonly unknown[] => (Array.isArray(item) ? item : [item]))
    .map((item) => spanIn(objectIn(item, 'span')));
}

function spanIn(span: Json): SpanRecord {
  const { parentId, kind, tags = {}, localEndpoint = {} } = span;
  const start = fromMicros(span.timestamp ?? 0, 'timestamp');
  const attributes = Object.fromEntries(
    Object.entries(objectIn(tags, 'tags')).map(([key, value]) => [key, String(value)]),
  );
  const { serviceName = 'unknown_service' } = objectIn(localEndpoint, 'localEndpoint');
  return importedSpan({
    traceId: idIn(span.traceId, 32, 'traceId'),
    spanId: idIn(span.id, 16, 'id'),
    ...(typeof parentId === 'string' && { parentSpanId: hexId(parentId, 16, 'parentId') }),
    name: String(span.name ?? ''),
    kind: KINDS.has(String(kind)) ? (kind as SpanKind) : 'INTERNAL',
    startTimeUnixNano: start,
    endTimeUnixNano: start + fromMicros(span.duration ?? 0, 'duration'),
    attributes,
    events: listIn(span.annotations, 'annotations').map((item) => {
      const { timestamp, value } = objectIn(item, 'annotations');
      return {
        name: String(value),
        timeUnixNano: fromMicros(timestamp, 'annotations.timestamp'),
        attributes: {},
      };
    }),
    status:
      'error' in attributes
        ? { code: 'ERROR', message: String(attributes.error) }
        : { code: 'UNSET', message: '' },
    resource: resourceOf(String(serviceName)),
  });
}
