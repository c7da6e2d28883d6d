// Written for speed (benchmarks/tracer-micro.mjs): ids, times and flags are written at fixed offsets. The plain form is a
// tag and a value for each field, as in `writeLink`.
import { RemoteSpanContext, traceStateText } from '@clew/core/internal';
import type { HrTime, SpanContext, SpanStatusCode } from '@opentelemetry/api';
import { type Anchor, splitNanos } from './clock.ts';
import { isHexId, wordOfHex } from './ids.ts';
import { writeAttributes, writeTitle } from './otlp-attributes.ts';
import { BARE_TEXT_CHARS, type Extent, type OtlpFormat } from './otlp-format.ts';
import { assemble } from './otlp-protobuf-request.ts';
import { type ProtobufWriter, writeText } from './protobuf-writer.ts';
import type { FlatEvent, FlatLink, RareParts, SpanRecord } from './span-record.ts';

const TWO_32 = 4294967296;
const SAMPLED = 1;
const HAS_IS_REMOTE = 0x100;
const IS_REMOTE = 0x200;
/** Three ids, two times and the flags, each with its tag. */
const FIXED_PART_BYTES = 62;
/** An event whose name has at most this many characters has a one-byte length. */
const SHORT_CHARS = 64;

/**
 * OTLP in protocol buffers. A tag is `field << 3 | wire type`; all but one fit into one byte.
 *
 * @see https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
 */
export const otlpProtobuf: OtlpFormat = {
  contentType: 'application/x-protobuf',
  writeSpan,
  writeEncoded: (writer, span) => writer.raw(span),
  assemble,
};

/** Writes a span as an element of `ScopeSpans.spans`. */
function writeSpan(writer: ProtobufWriter, span: SpanRecord, extent: Extent): void {
  writer.reserve(1);
  writer.bytes[writer.position++] = 0x12;
  const start = writer.begin(2);
  writeFixedPart(writer, span);
  if (extent === 'whole') writeWhole(writer, span);
  else writeBare(writer, span);
  writer.end(start, 2);
}

/** Writes the fields of known length: ids, times and flags. */
function writeFixedPart(writer: ProtobufWriter, span: SpanRecord): void {
  writer.reserve(FIXED_PART_BYTES);
  const { view } = writer;
  const { localTrace, rare, foreignParent } = span;
  let at = writer.position;
  view.setUint16(at, 0x0a10);
  localTrace.write(view, at + 2);
  at = writeSpanId(view, at + 18, 0x1208, span.idHigh, span.idLow);
  if (span.hasLocalParent) at = writeSpanId(view, at, 0x2208, span.parentHigh, span.parentLow);
  else if (foreignParent instanceof RemoteSpanContext)
    at = writeSpanId(view, at, 0x2208, foreignParent.spanIdWord0, foreignParent.spanIdWord1);
  view.setUint8(at, 0x39);
  if (rare?.givenStart === undefined) writeMonotonicTime(view, at + 1, localTrace.anchor, span.startMs);
  else writeHrTime(view, at + 1, rare.givenStart);
  view.setUint8(at + 9, 0x41);
  if (rare?.givenEnd === undefined) writeMonotonicTime(view, at + 10, localTrace.anchor, span.endMs);
  else writeHrTime(view, at + 10, rare.givenEnd);
  const remote = foreignParent?.isRemote === true ? IS_REMOTE : 0;
  view.setUint16(at + 18, 0x8501);
  // Only sampled spans are exported; one that waits for a late decision does not have the flag yet.
  view.setUint32(at + 20, (span.traceFlags & 255) | SAMPLED | HAS_IS_REMOTE | remote, true);
  writer.position = at + 24;
}

/** Writes a span id; `tag` combines the field's tag and the length, 8. */
function writeSpanId(view: DataView, at: number, tag: number, high: number, low: number): number {
  view.setUint16(at, tag);
  view.setInt32(at + 2, high);
  view.setInt32(at + 6, low);
  return at + 10;
}

function writeMonotonicTime(view: DataView, at: number, anchor: Anchor, ms: number): void {
  const low = anchor.low + Math.round(ms * 1e6);
  const carry = Math.floor(low / TWO_32);
  view.setUint32(at, low - carry * TWO_32, true);
  view.setUint32(at + 4, anchor.high + carry, true);
}

function writeHrTime(view: DataView, at: number, time: HrTime): void {
  const [high, low] = splitNanos(time);
  view.setUint32(at, low, true);
  view.setUint32(at + 4, high, true);
}

function writeWhole(writer: ProtobufWriter, span: SpanRecord): void {
  const { sharedAttributes } = span;
  writeForeignParent(writer, span);
  const state = traceStateText(span.traceState);
  if (state) writeText(writer, 0x1a, state);
  const encoded = sharedAttributes?.encodedWithTitle(span.name, span.kind);
  if (encoded === undefined) {
    writeTitle(writer, span.name, span.kind);
    if (sharedAttributes !== undefined) writer.raw(sharedAttributes.encoded);
  } else writer.raw(encoded);
  writeLists(writer, span);
  if (span.status.code !== 0) writeStatus(writer, span.status.code, span.status.message);
}

function writeBare(writer: ProtobufWriter, span: SpanRecord): void {
  writeForeignParent(writer, span);
  writeTitle(writer, span.name.slice(0, BARE_TEXT_CHARS), span.kind);
  writeListCounts(writer, span);
  if (span.status.code !== 0)
    writeStatus(writer, span.status.code, span.status.message?.slice(0, BARE_TEXT_CHARS));
}

/** Writes a parent id that is available only as hexadecimal. */
function writeForeignParent(writer: ProtobufWriter, { foreignParent }: SpanRecord): void {
  if (foreignParent !== undefined && !(foreignParent instanceof RemoteSpanContext))
    writeHexId(writer, 0x22, foreignParent.spanId, 16);
}

function writeLists(writer: ProtobufWriter, span: SpanRecord): void {
  const { flatAttributes, flatEvents, rare } = span;
  if (flatAttributes !== undefined) writeAttributes(writer, 0x4a, flatAttributes);
  if (flatEvents !== undefined) writeEvents(writer, span, flatEvents);
  if (rare !== undefined) writeRareParts(writer, rare);
}

function writeEvents(writer: ProtobufWriter, span: SpanRecord, events: readonly FlatEvent[]): void {
  for (let i = 0; i < events.length; i++) writeEvent(writer, span, events[i]!);
}

function writeRareParts(writer: ProtobufWriter, rare: RareParts): void {
  if (rare.flatLinks !== undefined) for (const link of rare.flatLinks) writeLink(writer, link);
  writeCount(writer, 0x50, rare.droppedAttributes);
  writeCount(writer, 0x60, rare.droppedEvents);
  writeCount(writer, 0x70, rare.droppedLinks);
}

function writeListCounts(writer: ProtobufWriter, span: SpanRecord): void {
  writeCount(writer, 0x50, span.droppedAttributesCount + span.attributeCount);
  writeCount(writer, 0x60, span.droppedEventsCount + (span.flatEvents?.length ?? 0));
  writeCount(writer, 0x70, span.droppedLinksCount + (span.rare?.flatLinks?.length ?? 0));
}

function writeHexId(writer: ProtobufWriter, tag: number, hex: string, digits: 16 | 32): void {
  if (!isHexId(hex, digits)) return;
  writer.reserve(18);
  writer.bytes[writer.position++] = tag;
  writer.bytes[writer.position++] = digits / 2;
  for (let at = 0; at < digits; at += 8) {
    writer.view.setInt32(writer.position, wordOfHex(hex, at));
    writer.position += 4;
  }
}

function writeCount(writer: ProtobufWriter, tag: number, count: number): void {
  if (count === 0) return;
  writer.varint(tag);
  writer.varint(count);
}

function writeEvent(writer: ProtobufWriter, span: SpanRecord, event: FlatEvent): void {
  const { name, attributes, time } = event;
  if (attributes === undefined && event.dropped === 0 && writeNamedTime(writer, span, name, time)) return;
  // An estimate: if it is wrong, `end` moves the message.
  const lengthBytes = attributes === undefined ? 1 : 2;
  writer.varint(0x5a);
  const start = writer.begin(lengthBytes);
  writer.reserve(9);
  writeTime(writer, span, time, writer.position);
  writer.position += 9;
  writeText(writer, 0x12, name);
  if (attributes !== undefined) writeAttributes(writer, 0x1a, attributes);
  writeCount(writer, 0x20, event.dropped);
  writer.end(start, lengthBytes);
}

/** Writes an event with a short ASCII name only, the most common kind; returns false for any other. */
function writeNamedTime(
  writer: ProtobufWriter,
  span: SpanRecord,
  name: string,
  time: FlatEvent['time'],
): boolean {
  const { length } = name;
  if (length > SHORT_CHARS) return false;
  writer.reserve(13 + length * 3);
  const { bytes, position: at } = writer;
  if (!writer.asciiAt(name, at + 13)) return false;
  bytes[at] = 0x5a;
  bytes[at + 1] = length + 11;
  writeTime(writer, span, time, at + 2);
  bytes[at + 11] = 0x12;
  bytes[at + 12] = length;
  writer.position = at + 13 + length;
  return true;
}

function writeTime(writer: ProtobufWriter, span: SpanRecord, time: FlatEvent['time'], at: number): void {
  writer.bytes[at] = 0x09;
  if (typeof time === 'number') writeMonotonicTime(writer.view, at + 1, span.localTrace.anchor, time);
  else writeHrTime(writer.view, at + 1, time);
}

function writeLink(writer: ProtobufWriter, link: FlatLink): void {
  const { context } = link;
  writer.varint(0x6a);
  const start = writer.begin(1);
  writeHexId(writer, 0x0a, context.traceId, 32);
  writeHexId(writer, 0x12, context.spanId, 16);
  const state = traceStateText(context.traceState);
  if (state) writeText(writer, 0x1a, state);
  if (link.attributes !== undefined) writeAttributes(writer, 0x22, link.attributes);
  writeCount(writer, 0x28, link.dropped);
  writer.varint(0x35);
  writer.fixed32(linkFlags(context));
  writer.end(start, 1);
}

/** The lowest byte holds the W3C flags; the next two bits say whether the other span is remote. */
export function linkFlags(context: SpanContext): number {
  return (context.traceFlags & 255) | HAS_IS_REMOTE | (context.isRemote === true ? IS_REMOTE : 0);
}

function writeStatus(writer: ProtobufWriter, code: SpanStatusCode, message: string | undefined): void {
  writer.varint(0x7a);
  const start = writer.begin(1);
  if (message) writeText(writer, 0x12, message);
  writer.varint(0x18);
  writer.varint(code);
  writer.end(start, 1);
}
