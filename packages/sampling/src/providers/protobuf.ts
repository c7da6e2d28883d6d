import { Buffer } from 'node:buffer';

/** A field of a message in the wire format of Protocol Buffers: a number, or the bytes of a text or a message. */
export interface ProtobufField {
  readonly number: number;
  readonly value: number | Buffer;
}

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/**
 * Reads the fields of a message. Numbers beyond 2^53 lose precision.
 *
 * @throws RangeError for a message that ends within a field, or has a field of an unknown type
 * @see https://protobuf.dev/programming-guides/encoding/
 */
export function readFields(message: Buffer): ProtobufField[] {
  const fields: ProtobufField[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      if (at >= message.length || shift > 2 ** 63) throw new RangeError('expected a complete number');
      const byte = message[at++]!;
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  const bytes = (length: number): Buffer => {
    if (at + length > message.length) throw new RangeError(`expected ${length} more bytes`);
    at += length;
    return message.subarray(at - length, at);
  };
  while (at < message.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    const type = tag % 8;
    if (type === VARINT) fields.push({ number, value: varint() });
    else if (type === BYTES) fields.push({ number, value: bytes(varint()) });
    else if (type === FIXED64) bytes(8);
    else if (type === FIXED32) bytes(4);
    else throw new RangeError(`expected a field of a known type, got type ${type}`);
  }
  return fields;
}

/** The last bytes field with this number, which is the one that counts; `undefined` without one. */
export function bytesOf(fields: readonly ProtobufField[], number: number): Buffer | undefined {
  const field = fields.findLast((each) => each.number === number && typeof each.value !== 'number');
  return field?.value as Buffer | undefined;
}

/** The last number field with this number; 0 without one. */
export function numberOf(fields: readonly ProtobufField[], number: number): number {
  const field = fields.findLast((each) => each.number === number && typeof each.value === 'number');
  return (field?.value as number | undefined) ?? 0;
}

/** Writes a field with a number of at most 2^53, a text, or bytes. */
export function writeField(number: number, value: number | string | Buffer): Buffer {
  if (typeof value === 'number') return Buffer.concat([varintOf(number * 8 + VARINT), varintOf(value)]);
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.concat([varintOf(number * 8 + BYTES), varintOf(bytes.length), bytes]);
}

function varintOf(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}
