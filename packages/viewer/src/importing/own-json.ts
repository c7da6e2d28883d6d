import type { Attributes, AttributeValue, SpanKind, SpanRecord, SpanStatus } from '../span-record.ts';
import {
  hexId,
  ImportError,
  idIn,
  importedSpan,
  type Json,
  listIn,
  objectIn,
  shown,
  textIn,
} from './imported-span.ts';

const KINDS: readonly SpanKind[] = ['INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];
const CODES: readonly SpanStatus['code'][] = ['UNSET', 'OK', 'ERROR'];

/** Reads a trace in the format of the query API, `{ "traceId", "spans" }`, as `clew show --json` prints it. Throws ImportError. */
export function spansOfOwn({ spans }: Json): SpanRecord[] {
  return listIn(spans, 'spans').map((span) => ownSpan(objectIn(span, 'spans')));
}

function ownSpan(span: Json): SpanRecord {
  const { parentSpanId, kind = 'INTERNAL', scope = {} } = span;
  const status = objectIn(span.status ?? {}, 'status');
  const { name = '', version = '', attributes } = objectIn(scope, 'scope');
  return importedSpan({
    traceId: idIn(span.traceId, 32, 'traceId'),
    spanId: idIn(span.spanId, 16, 'spanId'),
    ...(parentSpanId !== undefined && { parentSpanId: hexId(parentSpanId, 16, 'parentSpanId') }),
    traceState: textIn(span.traceState ?? '', 'traceState'),
    flags: count(span.flags, 'flags'),
    name: textIn(span.name, 'name'),
    kind: oneOf(KINDS, kind, 'kind'),
    startTimeUnixNano: nanoseconds(span.startTimeUnixNano, 'startTimeUnixNano'),
    endTimeUnixNano: nanoseconds(span.endTimeUnixNano, 'endTimeUnixNano'),
    attributes: attributesIn(span.attributes),
    events: listIn(span.events, 'events').map((item) => {
      const event = objectIn(item, 'events');
      return {
        name: textIn(event.name, 'events.name'),
        timeUnixNano: nanoseconds(event.timeUnixNano, 'events.timeUnixNano'),
        attributes: attributesIn(event.attributes),
      };
    }),
    links: listIn(span.links, 'links').map((item) => {
      const link = objectIn(item, 'links');
      return {
        traceId: hexId(link.traceId, 32, 'links.traceId'),
        spanId: hexId(link.spanId, 16, 'links.spanId'),
        traceState: textIn(link.traceState ?? '', 'links.traceState'),
        attributes: attributesIn(link.attributes),
      };
    }),
    status: {
      code: oneOf(CODES, status.code ?? 'UNSET', 'status.code'),
      message: textIn(status.message ?? '', 'status.message'),
    },
    droppedAttributesCount: count(span.droppedAttributesCount, 'droppedAttributesCount'),
    droppedEventsCount: count(span.droppedEventsCount, 'droppedEventsCount'),
    droppedLinksCount: count(span.droppedLinksCount, 'droppedLinksCount'),
    resource: { attributes: attributesIn(objectIn(span.resource ?? {}, 'resource').attributes) },
    scope: {
      name: textIn(name, 'scope.name'),
      version: textIn(version, 'scope.version'),
      attributes: attributesIn(attributes),
    },
  });
}

function attributesIn(value: unknown): Attributes {
  // Any parsed JSON is an attribute's value.
  return objectIn(value ?? {}, 'attributes') as { readonly [key: string]: AttributeValue };
}

function nanoseconds(value: unknown, place: string): bigint {
  // Longer texts are rejected: BigInt() takes quadratic time.
  const time = typeof value === 'string' && /^\d{1,20}$/.test(value) ? BigInt(value) : -1n;
  if (time >= 0n && time < 2n ** 64n) return time;
  throw new ImportError(`expected nanoseconds as a text of digits in ${place}, got ${shown(value)}`);
}

function count(value: unknown, place: string): number {
  if (value === undefined) return 0;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 32) return value;
  throw new ImportError(`expected a whole number in [0, 4294967295] in ${place}, got ${shown(value)}`);
}

function oneOf<Name extends string>(names: readonly Name[], value: unknown, place: string): Name {
  const found = names.find((name) => name === value);
  if (found !== undefined) return found;
  throw new ImportError(`expected one of ${names.join(', ')} in ${place}, got ${shown(value)}`);
}
