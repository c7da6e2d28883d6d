import type { Attributes, AttributeValue, Resource, SpanKind, SpanRecord } from '../span-record.ts';
import {
  fromMicros,
  hexId,
  idIn,
  importedSpan,
  type Json,
  listIn,
  objectIn,
  resourceOf,
  textIn,
} from './imported-span.ts';

const KINDS: ReadonlyMap<AttributeValue | undefined, SpanKind> = new Map([
  ['server', 'SERVER'],
  ['client', 'CLIENT'],
  ['producer', 'PRODUCER'],
  ['consumer', 'CONSUMER'],
]);

/** Reads the JSON of Jaeger's query API and page: `{ "data": [{ "traceID", "spans", "processes" }] }`. Throws ImportError. */
export function spansOfJaeger(json: Json): SpanRecord[] {
  return listIn(json.data, 'data').flatMap((item) => {
    const trace = objectIn(item, 'data');
    const processes = objectIn(trace.processes ?? {}, 'processes');
    const resources = new Map(
      Object.entries(processes).map(([id, process]) => [id, resourceIn(objectIn(process, id))]),
    );
    return listIn(trace.spans, 'spans').map((span) => spanIn(objectIn(span, 'spans'), resources));
  });
}

function resourceIn({ serviceName, tags }: Json): Resource {
  return resourceOf(textIn(serviceName, 'serviceName'), attributesIn(tags));
}

function spanIn(span: Json, resources: ReadonlyMap<string, Resource>): SpanRecord {
  const traceId = idIn(span.traceID, 32, 'traceID');
  const attributes = attributesIn(span.tags);
  const start = fromMicros(span.startTime, 'startTime');
  const references = listIn(span.references, 'references').map((each) => objectIn(each, 'references'));
  const parent = references.find(
    ({ refType, traceID }) => refType === 'CHILD_OF' && hexId(traceID, 32, 'traceID') === traceId,
  );
  const isError = attributes.error === true || attributes['otel.status_code'] === 'ERROR';
  return importedSpan({
    traceId,
    spanId: idIn(span.spanID, 16, 'spanID'),
    ...(parent !== undefined && { parentSpanId: hexId(parent.spanID, 16, 'references.spanID') }),
    name: textIn(span.operationName, 'operationName'),
    kind: KINDS.get(attributes['span.kind']) ?? 'INTERNAL',
    startTimeUnixNano: start,
    endTimeUnixNano: start + fromMicros(span.duration, 'duration'),
    attributes,
    events: listIn(span.logs, 'logs').map((item) => {
      const { timestamp, fields } = objectIn(item, 'logs');
      const values = attributesIn(fields);
      return {
        name: String(values.event ?? 'log'),
        timeUnixNano: fromMicros(timestamp, 'logs.timestamp'),
        attributes: values,
      };
    }),
    links: references
      .filter((reference) => reference !== parent)
      .map(({ traceID, spanID }) => ({
        traceId: hexId(traceID, 32, 'references.traceID'),
        spanId: hexId(spanID, 16, 'references.spanID'),
        traceState: '',
        attributes: {},
      })),
    status: isError
      ? { code: 'ERROR', message: String(attributes['otel.status_description'] ?? '') }
      : { code: 'UNSET', message: '' },
    resource: resources.get(String(span.processID)) ?? resourceOf('unknown_service'),
  });
}

function attributesIn(tags: unknown): Attributes {
  return Object.fromEntries(
    listIn(tags, 'tags').map((item) => {
      const { key, value = null } = objectIn(item, 'tags');
      return [textIn(key, 'tags.key'), value as AttributeValue];
    }),
  );
}
