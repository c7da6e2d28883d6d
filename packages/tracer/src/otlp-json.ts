import { Buffer } from 'node:buffer';
import { traceStateText } from '@clew/core/internal';
import type { Attributes, HrTime, SpanContext, SpanStatus } from '@opentelemetry/api';
import { isHexId } from './ids.ts';
import { BARE_TEXT_CHARS, type Extent, type OtlpFormat, type ScopeSpans } from './otlp-format.ts';
import { linkFlags } from './otlp-protobuf.ts';
import type { ProtobufWriter } from './protobuf-writer.ts';
import type { ReadableSpan } from './sdk-interfaces.ts';
import type { SpanRecord } from './span-record.ts';

const COMMA = ','.charCodeAt(0);
const TWO_63 = 2 ** 63;

/**
 * OTLP/JSON: hexadecimal ids, 64-bit integers as strings, enums as numbers.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */
export const otlpJson: OtlpFormat = { contentType: 'application/json', writeSpan, writeEncoded, assemble };

function writeSpan(writer: ProtobufWriter, span: SpanRecord, extent: Extent): void {
  const text = JSON.stringify({
    ...jsonSpan(span),
    ...(extent === 'whole' ? jsonLists(span) : jsonBare(span)),
  });
  separate(writer);
  writer.rawText(text);
}

function writeEncoded(writer: ProtobufWriter, span: Uint8Array): void {
  separate(writer);
  writer.raw(span);
}

function separate(writer: ProtobufWriter): void {
  if (writer.position === 0) return;
  writer.reserve(1);
  writer.bytes[writer.position++] = COMMA;
}

function jsonSpan(span: ReadableSpan) {
  const context = span.spanContext();
  const parent = span.parentSpanContext;
  return {
    traceId: context.traceId,
    spanId: context.spanId,
    parentSpanId: parent && isHexId(parent.spanId, 16) ? parent.spanId : undefined,
    // Only sampled spans are exported; one that waits for a late decision does not have the flag yet.
    flags: linkFlags({ ...context, isRemote: parent?.isRemote === true }) | 1,
    kind: span.kind + 1,
    startTimeUnixNano: nanos(span.startTime),
    endTimeUnixNano: nanos(span.endTime),
  };
}

function jsonLists(span: ReadableSpan) {
  return {
    name: wellFormed(span.name),
    traceState: traceStateText(span.spanContext().traceState),
    attributes: keyValues(span.attributes),
    droppedAttributesCount: span.droppedAttributesCount || undefined,
    events: span.events.map((event) => ({
      timeUnixNano: nanos(event.time),
      name: wellFormed(event.name),
      attributes: keyValues(event.attributes ?? {}),
      droppedAttributesCount: event.droppedAttributesCount || undefined,
    })),
    droppedEventsCount: span.droppedEventsCount || undefined,
    links: span.links.map((link) => ({
      ...linkIds(link.context),
      attributes: keyValues(link.attributes ?? {}),
      droppedAttributesCount: link.droppedAttributesCount || undefined,
      flags: linkFlags(link.context),
    })),
    droppedLinksCount: span.droppedLinksCount || undefined,
    status: jsonStatus(span.status, Number.POSITIVE_INFINITY),
  };
}

function jsonBare(span: SpanRecord) {
  return {
    name: wellFormed(span.name.slice(0, BARE_TEXT_CHARS)),
    droppedAttributesCount: span.droppedAttributesCount + span.attributeCount,
    droppedEventsCount: span.droppedEventsCount + (span.flatEvents?.length ?? 0),
    droppedLinksCount: span.droppedLinksCount + (span.rare?.flatLinks?.length ?? 0),
    status: jsonStatus(span.status, BARE_TEXT_CHARS),
  };
}

function jsonStatus({ code, message }: SpanStatus, maxChars: number) {
  return code === 0 ? undefined : { code, message: message && wellFormed(message.slice(0, maxChars)) };
}

function linkIds({ traceId, spanId, traceState }: SpanContext) {
  return {
    traceId: isHexId(traceId, 32) ? traceId : undefined,
    spanId: isHexId(spanId, 16) ? spanId : undefined,
    traceState: traceStateText(traceState),
  };
}

function nanos([seconds, rest]: HrTime): string {
  return String(BigInt(seconds) * 1_000_000_000n + BigInt(Math.round(rest)));
}

function keyValues(attributes: Readonly<Attributes>) {
  return Object.entries(attributes).map(([key, value]) => ({ key: wellFormed(key), value: anyValue(value) }));
}

function anyValue(value: unknown): object {
  if (typeof value === 'string') return { stringValue: wellFormed(value) };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') return numberValue(value);
  if (value instanceof Uint8Array) return { bytesValue: Buffer.from(value).toString('base64') };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } };
  if (typeof value === 'object' && value !== null)
    return { kvlistValue: { values: keyValues(value as Attributes) } };
  return {};
}

function numberValue(value: number): object {
  if (Number.isInteger(value) && value >= -TWO_63 && value < TWO_63)
    return { intValue: String(BigInt(value)) };
  return { doubleValue: Number.isFinite(value) ? value : String(value) };
}

/** JSON can escape a lone surrogate, but protocol buffer parsers reject it. */
function wellFormed(text: string): string {
  return text.isWellFormed() ? text : text.toWellFormed();
}

function assemble(resource: Readonly<Attributes>, scopeSpans: readonly ScopeSpans[]): Uint8Array[] {
  const parts: Uint8Array[] = [
    Buffer.from(
      `{"resourceSpans":[{"resource":{"attributes":${JSON.stringify(keyValues(resource))}},"scopeSpans":[`,
    ),
  ];
  for (const [i, { scope, spans }] of scopeSpans.entries()) {
    const { name, version, schemaUrl } = scope;
    const head = `${i === 0 ? '' : ','}{"scope":${JSON.stringify({ name, version })},"spans":[`;
    const tail = schemaUrl ? `],"schemaUrl":${JSON.stringify(schemaUrl)}}` : ']}';
    parts.push(Buffer.from(head), spans, Buffer.from(tail));
  }
  parts.push(Buffer.from(']}]}'));
  return parts;
}
