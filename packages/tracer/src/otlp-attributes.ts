import type { SpanKind } from '@opentelemetry/api';
import type { FlatAttributes } from './attributes.ts';
import { type ProtobufWriter, varintSize } from './protobuf-writer.ts';

const TWO_63 = 2 ** 63;
/** Texts up to here are tried as ASCII in one go, with the lengths known beforehand. */
const SHORT_CHARS = 64;

/** Writes the name and the kind of a span. */
export function writeTitle(writer: ProtobufWriter, name: string, kind: SpanKind): void {
  writer.reserve(1);
  writer.bytes[writer.position++] = 0x2a;
  writer.text(name);
  writer.reserve(2);
  writer.bytes[writer.position++] = 0x30;
  writer.bytes[writer.position++] = kind + 1;
}

/** Writes each attribute as a KeyValue under a one-byte tag. */
export function writeAttributes(writer: ProtobufWriter, tag: number, list: FlatAttributes): void {
  for (let i = 0; i < list.length; i += 2) writeAttribute(writer, tag, list[i] as string, list[i + 1]);
}

/** Writes a KeyValue under a one-byte tag. */
export function writeAttribute(writer: ProtobufWriter, tag: number, key: string, value: unknown): void {
  if (key.length <= SHORT_CHARS) {
    const type = typeof value;
    if (type === 'string') {
      if ((value as string).length <= SHORT_CHARS && writeShortText(writer, tag, key, value as string))
        return;
    } else if (type === 'boolean') {
      if (writeSmall(writer, tag, key, 0x10, value === true ? 1 : 0)) return;
    } else if (
      type === 'number' &&
      (value as number) >= 0 &&
      (value as number) < 2_147_483_648 &&
      Number.isInteger(value)
    ) {
      if (writeSmall(writer, tag, key, 0x18, value as number)) return;
    }
  }
  writer.reserve(1);
  writer.bytes[writer.position++] = tag;
  writeKeyValue(writer, key, value);
}

// The two functions below write what most attributes are, with no length to be corrected afterwards.
// False: a character above 127, nothing was written.
function writeShortText(writer: ProtobufWriter, tag: number, key: string, value: string): boolean {
  const keyLength = key.length;
  const valueLength = value.length;
  const total = keyLength + valueLength + 6;
  writer.reserve(total + 3);
  const { bytes } = writer;
  let at = writer.position;
  bytes[at++] = tag;
  if (total > 127) bytes[at++] = (total & 127) | 128;
  bytes[at++] = total > 127 ? total >>> 7 : total;
  bytes[at++] = 0x0a;
  bytes[at++] = keyLength;
  if (!writer.asciiAt(key, at)) return false;
  at += keyLength;
  bytes[at++] = 0x12;
  bytes[at++] = valueLength + 2;
  bytes[at++] = 0x0a;
  bytes[at++] = valueLength;
  if (!writer.asciiAt(value, at)) return false;
  writer.position = at + valueLength;
  return true;
}

function writeSmall(
  writer: ProtobufWriter,
  tag: number,
  key: string,
  valueTag: number,
  value: number,
): boolean {
  const keyLength = key.length;
  const valueBytes = varintSize(value);
  writer.reserve(keyLength + 13);
  const { bytes } = writer;
  let at = writer.position;
  bytes[at++] = tag;
  bytes[at++] = keyLength + 5 + valueBytes;
  bytes[at++] = 0x0a;
  bytes[at++] = keyLength;
  if (!writer.asciiAt(key, at)) return false;
  at += keyLength;
  bytes[at++] = 0x12;
  bytes[at++] = valueBytes + 1;
  bytes[at++] = valueTag;
  let rest = value;
  while (rest > 127) {
    bytes[at++] = (rest & 127) | 128;
    rest >>>= 7;
  }
  bytes[at++] = rest;
  writer.position = at;
  return true;
}

/** Writes a KeyValue with its length. */
function writeKeyValue(writer: ProtobufWriter, key: string, value: unknown): void {
  const start = writer.begin(1);
  writer.varint(0x0a);
  writer.text(key);
  writer.varint(0x12);
  writeAnyValue(writer, value);
  writer.end(start, 1);
}

/** Writes an AnyValue with its length; `null` is the empty one. */
function writeAnyValue(writer: ProtobufWriter, value: unknown): void {
  if (typeof value === 'string') {
    writeTextValue(writer, value);
    return;
  }
  const start = writer.begin(1);
  if (typeof value === 'boolean') {
    writer.varint(0x10);
    writer.varint(value ? 1 : 0);
  } else if (typeof value === 'number') {
    writeNumber(writer, value);
  } else if (value instanceof Uint8Array) {
    writer.varint(0x3a);
    writer.block(value);
  } else if (Array.isArray(value)) {
    writer.varint(0x2a);
    const items = writer.begin(1);
    for (const item of value) {
      writer.varint(0x0a);
      writeAnyValue(writer, item);
    }
    writer.end(items, 1);
  } else if (typeof value === 'object' && value !== null) {
    writer.varint(0x32);
    const entries = writer.begin(1);
    for (const [key, item] of Object.entries(value)) {
      writer.varint(0x0a);
      writeKeyValue(writer, key, item);
    }
    writer.end(entries, 1);
  }
  writer.end(start, 1);
}

/** A long text is not moved: its length is counted first. */
function writeTextValue(writer: ProtobufWriter, value: string): void {
  const byteLength = Buffer.byteLength(value);
  writer.varint(1 + varintSize(byteLength) + byteLength);
  writer.varint(0x0a);
  writer.text(value);
}

function writeNumber(writer: ProtobufWriter, value: number): void {
  if (Number.isInteger(value) && value >= -TWO_63 && value < TWO_63) {
    writer.varint(0x18);
    writer.varint64(value);
  } else {
    writer.varint(0x21);
    writer.double(value);
  }
}
