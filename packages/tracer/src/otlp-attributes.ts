import { Buffer } from 'node:buffer';
import type { SpanKind } from '@opentelemetry/api';
import type { FlatAttributes } from './attributes.ts';
import { type ProtobufWriter, varintSize } from './protobuf-writer.ts';

const TWO_31 = 2 ** 31;
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
  if (key.length <= SHORT_CHARS && writeShort(writer, tag, encodedKey(key), value)) return;
  writer.reserve(1);
  writer.bytes[writer.position++] = tag;
  writeKeyValue(writer, key, value);
}

/** Keys as a KeyValue has them, encoded once: a program has few. */
const encodedKeys = new Map<string, Uint8Array>();
const MOST_KEYS = 1000;

function encodedKey(key: string): Uint8Array {
  return encodedKeys.get(key) ?? encodeKey(key);
}

function encodeKey(key: string): Uint8Array {
  const text = Buffer.from(key);
  const encoded = Uint8Array.from([0x0a, ...lengthBytes(text.length), ...text]);
  if (encodedKeys.size === MOST_KEYS) encodedKeys.clear();
  // A copy: a key that was cut out of a long text would keep the text.
  encodedKeys.set(text.toString(), encoded);
  return encoded;
}

/** Of a length below 16384. */
function lengthBytes(length: number): number[] {
  return length < 128 ? [length] : [(length & 127) | 128, length >>> 7];
}

/** Writes what most attributes are, with no length to be corrected afterwards; false for any other. */
function writeShort(writer: ProtobufWriter, tag: number, key: Uint8Array, value: unknown): boolean {
  const type = typeof value;
  if (type === 'string') {
    return (value as string).length <= SHORT_CHARS && writeShortText(writer, tag, key, value as string);
  }
  // Longer than this, it is not ASCII.
  if (key.length > SHORT_CHARS + 2) return false;
  if (type === 'boolean') {
    writeSmall(writer, tag, key, 0x10, value === true ? 1 : 0);
    return true;
  }
  if (type !== 'number' || !((value as number) >= 0 && (value as number) < TWO_31)) return false;
  if (!Number.isInteger(value)) return false;
  writeSmall(writer, tag, key, 0x18, value as number);
  return true;
}

/** False: a character above 127, nothing was written. */
function writeShortText(writer: ProtobufWriter, tag: number, key: Uint8Array, value: string): boolean {
  const { length } = value;
  const total = key.length + length + 4;
  writer.reserve(key.length + length * 3 + 7);
  const { bytes } = writer;
  let at = writer.position;
  bytes[at++] = tag;
  if (total > 127) bytes[at++] = (total & 127) | 128;
  bytes[at++] = total > 127 ? total >>> 7 : total;
  bytes.set(key, at);
  at += key.length;
  bytes[at++] = 0x12;
  bytes[at++] = length + 2;
  bytes[at++] = 0x0a;
  bytes[at++] = length;
  if (!writer.asciiAt(value, at)) return false;
  writer.position = at + length;
  return true;
}

function writeSmall(
  writer: ProtobufWriter,
  tag: number,
  key: Uint8Array,
  valueTag: number,
  value: number,
): void {
  const valueBytes = varintSize(value);
  writer.reserve(key.length + 11);
  const { bytes } = writer;
  let at = writer.position;
  bytes[at++] = tag;
  bytes[at++] = key.length + 3 + valueBytes;
  bytes.set(key, at);
  at += key.length;
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
