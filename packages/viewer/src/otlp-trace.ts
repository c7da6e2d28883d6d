import { MAX_VALUE_DEPTH, OtlpError } from './otlp-limits.ts';
import type { Attributes, AttributeValue, SpanRecord, Trace } from './span-record.ts';

const KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];
const CODES = ['UNSET', 'OK', 'ERROR'];

/**
 * Writes a trace as the body of an OTLP export request in JSON. Bytes and integers beyond 2^53 of a stored trace are
 * texts in it. Throws OtlpError for values that are nested deeper than the receiver allows.
 * https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */
export function traceToOtlp({ spans }: Trace): object {
  const byOrigin = Map.groupBy(spans, (span) => JSON.stringify(toOrigin(span)));
  const resourceSpans = Array.from(byOrigin, ([origin, group]) => {
    const { resource, scope } = JSON.parse(origin);
    return { resource, scopeSpans: [{ scope, spans: group.map(toSpan) }] };
  });
  return { resourceSpans };
}

function toOrigin({ resource, scope: { name, version, attributes } }: SpanRecord): object {
  return {
    resource: { attributes: toKeyValues(resource.attributes) },
    scope: { name, version, attributes: toKeyValues(attributes) },
  };
}

function toSpan(span: SpanRecord): object {
  const { traceId, spanId, parentSpanId, traceState, flags, name } = span;
  const { droppedAttributesCount, droppedEventsCount, droppedLinksCount } = span;
  return {
    traceId,
    spanId,
    ...(parentSpanId !== undefined && { parentSpanId }),
    ...(traceState !== '' && { traceState }),
    flags,
    name,
    kind: KINDS.indexOf(span.kind),
    startTimeUnixNano: String(span.startTimeUnixNano),
    endTimeUnixNano: String(span.endTimeUnixNano),
    attributes: toKeyValues(span.attributes),
    events: span.events.map((event) => ({
      name: event.name,
      timeUnixNano: String(event.timeUnixNano),
      attributes: toKeyValues(event.attributes),
    })),
    links: span.links.map((link) => ({ ...link, attributes: toKeyValues(link.attributes) })),
    status: { code: CODES.indexOf(span.status.code), message: span.status.message },
    droppedAttributesCount,
    droppedEventsCount,
    droppedLinksCount,
  };
}

function toKeyValues(attributes: Attributes, depth = 0): object[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: toAnyValue(value, depth) }));
}

function toAnyValue(value: AttributeValue, depth: number): object {
  if (depth > MAX_VALUE_DEPTH) throw new OtlpError(`an attribute is nested deeper than ${MAX_VALUE_DEPTH}`);
  if (value === null) return {};
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) return { intValue: String(value) };
  // JSON has no NaN and Infinity.
  if (typeof value === 'number') return { doubleValue: Number.isFinite(value) ? value : String(value) };
  if (value instanceof Uint8Array) return { bytesValue: Buffer.from(value).toString('base64') };
  if (Array.isArray(value))
    return { arrayValue: { values: value.map((item) => toAnyValue(item, depth + 1)) } };
  return { kvlistValue: { values: toKeyValues(value as Attributes, depth + 1) } };
}
