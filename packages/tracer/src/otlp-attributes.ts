// Written for speed (benchmarks/tracer-micro.mjs): common attributes are written with lengths known in advance.
// Values that repeat are copied, with their keys. The plain form, which handles all values, is `writeKeyValue`.
import { Buffer } from 'node:buffer';
import type { SpanKind } from '@opentelemetry/api';
import type { FlatAttributes } from './attributes.ts';
import { type ProtobufWriter, varintSize } from './protobuf-writer.ts';

const TWO_31 = 2 ** 31;
const TWO_63 = 2 ** 63;
/** Strings up to this many characters are written as ASCII in one pass, with their lengths computed in advance. */
const SHORT_CHARS = 64;

/** Writes a span's name and kind. */
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
    const known = knownKeys.get(key) ?? knowKey(key);
    if (value === known.repeated && known.keyValue !== undefined) {
      writer.reserve(1);
      writer.bytes[writer.position++] = tag;
      writer.raw(known.keyValue);
      return;
    }
    const start = writer.position;
    if (writeShort(writer, tag, known.encoded, value)) {
      if (value === known.last) rememberRepeated(known, value, writer, start + 1);
      else if (typeof value !== 'string' || value.length <= REPEATED_CHARS) known.last = value;
      return;
    }
  }
  writer.reserve(1);
  writer.bytes[writer.position++] = tag;
  writeKeyValue(writer, key, value);
}

/** A key of attributes: an application uses few different ones. */
interface KnownKey {
  /** The key in a KeyValue. */
  readonly encoded: Uint8Array;
  /** A value that came twice in a row, as `GET` does, and its whole KeyValue, which is copied for each further one. */
  repeated: unknown;
  keyValue: Uint8Array | undefined;
  /** The last value that was encoded. */
  last: unknown;
}

const knownKeys = new Map<string, KnownKey>();
const MAX_KEYS = 1000;
/** V8 copies a substring of up to this many characters: it does not keep the longer string in memory. */
const REPEATED_CHARS = 12;

function knowKey(key: string): KnownKey {
  const text = Buffer.from(key);
  const encoded = Uint8Array.from([0x0a, ...lengthBytes(text.length), ...text]);
  const known = { encoded, repeated: undefined, keyValue: undefined, last: undefined };
  if (knownKeys.size === MAX_KEYS) knownKeys.clear();
  // Not the original string: one that was sliced out of a longer string would keep that one in memory. The name of a
  // property is found faster, because V8 compares it by its address.
  const [name] = Object.keys({ [text.toString()]: known });
  knownKeys.set(name as string, known);
  return known;
}

/** Copies the KeyValue that was just written from `start`. */
function rememberRepeated(
  known: KnownKey,
  value: unknown,
  { bytes, position }: ProtobufWriter,
  start: number,
): void {
  known.repeated = value;
  known.keyValue = Uint8Array.prototype.slice.call(bytes, start, position);
}

/** Encodes a length below 16384. */
function lengthBytes(length: number): number[] {
  return length < 128 ? [length] : [(length & 127) | 128, length >>> 7];
}

/** Writes the most common values without correcting a length afterwards; returns false for all others. */
function writeShort(writer: ProtobufWriter, tag: number, key: Uint8Array, value: unknown): boolean {
  const type = typeof value;
  if (type === 'string') {
    return (value as string).length <= SHORT_CHARS && writeShortText(writer, tag, key, value as string);
  }
  // A longer encoded key is not ASCII.
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

/** Returns false, having written nothing, if a character is above 127. */
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

/** Writes an AnyValue with its length; `null` becomes an empty AnyValue. */
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

/** Computes the length first, so that a long string need not be moved afterwards. */
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
