import { RemoteSpanContext } from '@clew/core';
import type { Attributes, HrTime, SpanContext } from '@opentelemetry/api';
import { splitNanos } from './clock.ts';
import { isHexId, wordOfHex, writeWord } from './ids.ts';
import { writeAttribute, writeAttributes } from './otlp-attributes.ts';
import { BARE_TEXT_CHARS, type Extent, type OtlpFormat } from './otlp-format.ts';
import { ProtobufWriter, varintSize } from './protobuf-writer.ts';
import type { InstrumentationScope } from './sdk-interfaces.ts';
import type { FlatEvent, FlatLink, SpanRecord } from './span-record.ts';

const TWO_32 = 4294967296;
const HAS_IS_REMOTE = 0x100;
const IS_REMOTE = 0x200;
const MAX_HEADER_BYTES = 1 << 24;

/**
 * OTLP's protocol buffers. A numeric tag is `field << 3 | wire type`; all of them but one fit into a byte.
 *
 * @see https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
 */
export const otlpProtobuf: OtlpFormat = { contentType: 'application/x-protobuf', writeSpan, assemble };

/** Writes a span as an element of `ScopeSpans.spans`. */
function writeSpan(writer: ProtobufWriter, span: SpanRecord, extent: Extent): void {
  writer.reserve(80);
  writer.bytes[writer.position++] = 0x12;
  const start = writer.begin(2);
  writeIds(writer, span);
  const state = span.traceState?.serialize();
  if (state && extent === 'whole') writeText(writer, 0x1a, state);
  writeParent(writer, span);
  writeText(writer, 0x2a, extent === 'whole' ? span.name : span.name.slice(0, BARE_TEXT_CHARS));
  writer.reserve(24);
  writer.bytes[writer.position++] = 0x30;
  writer.bytes[writer.position++] = span.kind + 1;
  writer.bytes[writer.position++] = 0x39;
  writeTime(writer, span, span.givenStart ?? span.startMs);
  writer.bytes[writer.position++] = 0x41;
  writeTime(writer, span, span.givenEnd ?? span.endMs);
  if (extent === 'whole') writeLists(writer, span);
  else writeListCounts(writer, span);
  if (span.status.code !== 0) writeStatus(writer, span, extent);
  writer.reserve(6);
  writer.bytes[writer.position++] = 0x85;
  writer.bytes[writer.position++] = 0x01;
  const remote = span.foreignParent?.isRemote === true ? IS_REMOTE : 0;
  writer.fixed32((span.traceFlags & 255) | HAS_IS_REMOTE | remote);
  writer.end(start, 2);
}

function writeLists(writer: ProtobufWriter, span: SpanRecord): void {
  if (span.sharedAttributes !== undefined) writer.raw(span.sharedAttributes.encoded);
  if (span.flatAttributes !== undefined) writeAttributes(writer, 0x4a, span.flatAttributes);
  writeCount(writer, 0x50, span.droppedAttributesCount);
  if (span.flatEvents !== undefined) for (const event of span.flatEvents) writeEvent(writer, span, event);
  writeCount(writer, 0x60, span.droppedEventsCount);
  if (span.flatLinks !== undefined) for (const link of span.flatLinks) writeLink(writer, link);
  writeCount(writer, 0x70, span.droppedLinksCount);
}

function writeListCounts(writer: ProtobufWriter, span: SpanRecord): void {
  writeCount(writer, 0x50, span.droppedAttributesCount + span.attributeCount);
  writeCount(writer, 0x60, span.droppedEventsCount + (span.flatEvents?.length ?? 0));
  writeCount(writer, 0x70, span.droppedLinksCount + (span.flatLinks?.length ?? 0));
}

function writeIds(writer: ProtobufWriter, span: SpanRecord): void {
  const { bytes, position } = writer;
  bytes[position] = 0x0a;
  bytes[position + 1] = 16;
  span.localTrace.write(bytes, position + 2);
  bytes[position + 18] = 0x12;
  bytes[position + 19] = 8;
  writeWord(bytes, position + 20, span.idHigh);
  writeWord(bytes, position + 24, span.idLow);
  writer.position = position + 28;
}

function writeParent(writer: ProtobufWriter, span: SpanRecord): void {
  const { foreignParent } = span;
  if (span.hasLocalParent) writeParentId(writer, span.parentHigh, span.parentLow);
  else if (foreignParent instanceof RemoteSpanContext)
    writeParentId(writer, foreignParent.spanIdWord0, foreignParent.spanIdWord1);
  else if (foreignParent !== undefined) writeHexId(writer, 0x22, foreignParent.spanId, 16);
}

function writeParentId(writer: ProtobufWriter, high: number, low: number): void {
  writer.reserve(10);
  const { bytes, position } = writer;
  bytes[position] = 0x22;
  bytes[position + 1] = 8;
  writeWord(bytes, position + 2, high);
  writeWord(bytes, position + 6, low);
  writer.position = position + 10;
}

function writeHexId(writer: ProtobufWriter, tag: number, hex: string, digits: 16 | 32): void {
  if (!isHexId(hex, digits)) return;
  writer.reserve(18);
  writer.bytes[writer.position++] = tag;
  writer.bytes[writer.position++] = digits / 2;
  for (let at = 0; at < digits; at += 8) {
    writeWord(writer.bytes, writer.position, wordOfHex(hex, at));
    writer.position += 4;
  }
}

function writeText(writer: ProtobufWriter, tag: number, text: string): void {
  writer.reserve(1);
  writer.bytes[writer.position++] = tag;
  writer.text(text);
}

function writeCount(writer: ProtobufWriter, tag: number, count: number): void {
  if (count === 0) return;
  writer.varint(tag);
  writer.varint(count);
}

function writeTime(writer: ProtobufWriter, span: SpanRecord, time: number | HrTime): void {
  writer.reserve(8);
  if (typeof time === 'number') {
    const { anchor } = span.localTrace;
    const low = anchor.low + Math.round(time * 1e6);
    const carry = Math.floor(low / TWO_32);
    writer.fixed32(low - carry * TWO_32);
    writer.fixed32(anchor.high + carry);
  } else {
    const [high, low] = splitNanos(time);
    writer.fixed32(low);
    writer.fixed32(high);
  }
}

function writeEvent(writer: ProtobufWriter, span: SpanRecord, event: FlatEvent): void {
  // A guess: what is guessed wrong has to be moved.
  const lengthBytes = event.attributes === undefined ? 1 : 2;
  writer.varint(0x5a);
  const start = writer.begin(lengthBytes);
  writer.varint(0x09);
  writeTime(writer, span, event.time);
  writeText(writer, 0x12, event.name);
  if (event.attributes !== undefined) writeAttributes(writer, 0x1a, event.attributes);
  writeCount(writer, 0x20, event.dropped);
  writer.end(start, lengthBytes);
}

function writeLink(writer: ProtobufWriter, link: FlatLink): void {
  const { context } = link;
  writer.varint(0x6a);
  const start = writer.begin(1);
  writeHexId(writer, 0x0a, context.traceId, 32);
  writeHexId(writer, 0x12, context.spanId, 16);
  const state = context.traceState?.serialize();
  if (state) writeText(writer, 0x1a, state);
  if (link.attributes !== undefined) writeAttributes(writer, 0x22, link.attributes);
  writeCount(writer, 0x28, link.dropped);
  writer.varint(0x35);
  writer.fixed32(linkFlags(context));
  writer.end(start, 1);
}

/** The lowest byte are the W3C flags; the next two bits say whether the other span is remote. */
export function linkFlags(context: SpanContext): number {
  return (context.traceFlags & 255) | HAS_IS_REMOTE | (context.isRemote === true ? IS_REMOTE : 0);
}

function writeStatus(writer: ProtobufWriter, span: SpanRecord, extent: Extent): void {
  const { code, message } = span.status;
  writer.varint(0x7a);
  const start = writer.begin(1);
  if (message) writeText(writer, 0x12, extent === 'whole' ? message : message.slice(0, BARE_TEXT_CHARS));
  writer.varint(0x18);
  writer.varint(code);
  writer.end(start, 1);
}

/** Joins what was written into one ExportTraceServiceRequest. */
function assemble(
  resource: Readonly<Attributes>,
  lanes: readonly { readonly scope: InstrumentationScope; readonly spans: Uint8Array }[],
  spare?: Buffer,
): Buffer {
  const resourceBytes = messageOfAttributes(resource);
  const heads = lanes.map(({ scope }) => scopeMessage(scope));
  const tails = lanes.map(({ scope }) =>
    scope.schemaUrl ? textField(0x1a, scope.schemaUrl) : Buffer.alloc(0),
  );
  const sizes = lanes.map(({ spans }, i) => fieldSize(heads[i]!.length) + spans.length + tails[i]!.length);
  let size = fieldSize(resourceBytes.length);
  for (const laneSize of sizes) size += fieldSize(laneSize);
  const needed = fieldSize(size) + 8;
  const writer = new ProtobufWriter(
    spare !== undefined && spare.length >= needed ? spare : needed,
    needed + 64,
  );
  writer.varint(0x0a);
  writer.varint(size);
  writer.varint(0x0a);
  writer.block(resourceBytes);
  for (const [i, { spans }] of lanes.entries()) {
    writer.varint(0x12);
    writer.varint(sizes[i]!);
    writer.varint(0x0a);
    writer.block(heads[i]!);
    writer.raw(spans);
    writer.raw(tails[i]!);
  }
  return writer.bytes.subarray(0, writer.position);
}

function fieldSize(contentSize: number): number {
  return 1 + varintSize(contentSize) + contentSize;
}

function messageOfAttributes(attributes: Readonly<Attributes>): Uint8Array {
  const writer = new ProtobufWriter(512, MAX_HEADER_BYTES);
  for (const [key, value] of Object.entries(attributes)) writeAttribute(writer, 0x0a, key, value);
  return writer.bytes.subarray(0, writer.position);
}

function scopeMessage(scope: InstrumentationScope): Uint8Array {
  const writer = new ProtobufWriter(128, MAX_HEADER_BYTES);
  writeText(writer, 0x0a, scope.name);
  if (scope.version) writeText(writer, 0x12, scope.version);
  return writer.bytes.subarray(0, writer.position);
}

function textField(tag: number, text: string): Uint8Array {
  const writer = new ProtobufWriter(128, MAX_HEADER_BYTES);
  writeText(writer, tag, text);
  return writer.bytes.subarray(0, writer.position);
}
