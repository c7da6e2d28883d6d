// Written for speed (benchmarks/tracer-micro.mjs): fields are written directly into one growing buffer. The plain form is a
// generated encoder, which needs an object for each message.
import { Buffer } from 'node:buffer';

/** Thrown when a message exceeds the writer's limit; created once, because its stack is never needed. */
export const TOO_LARGE = new Error('@clew/tracer: the message is larger than the batch');

const TWO_32 = 4294967296;
/** Up to this length a loop over the characters is faster than a call into the runtime. */
const LOOP_CHARS = 24;
/** An ASCII string of up to this many characters has a one-byte length. */
const SHORT_CHARS = 127;

/** A byte buffer that grows up to a limit, with methods for the protocol buffers wire format. */
export class ProtobufWriter {
  bytes: Buffer;
  /** A view of the same memory, to store a number of several bytes at once. */
  view: DataView;
  position = 0;
  readonly #maxBytes: number;

  /** @param initial the initial size in bytes, or the memory to use */
  constructor(initial: number | Buffer, maxBytes: number) {
    this.bytes = typeof initial === 'number' ? Buffer.allocUnsafeSlow(initial) : initial;
    this.view = viewOf(this.bytes);
    this.#maxBytes = maxBytes;
  }

  /** Ensures space for `count` more bytes; throws {@link TOO_LARGE}. */
  reserve(count: number): void {
    if (this.position + count > this.bytes.length) this.#grow(this.position + count);
  }

  #grow(needed: number): void {
    if (needed > this.#maxBytes) throw TOO_LARGE;
    const larger = Buffer.allocUnsafeSlow(Math.min(this.#maxBytes, Math.max(needed, this.bytes.length * 2)));
    this.bytes.copy(larger, 0, 0, this.position);
    this.bytes = larger;
    this.view = viewOf(larger);
  }

  /** Writes an unsigned integer of up to 32 bits. */
  varint(value: number): void {
    this.reserve(5);
    const { bytes } = this;
    let at = this.position;
    let rest = value >>> 0;
    while (rest > 127) {
      bytes[at++] = rest | 128;
      rest >>>= 7;
    }
    bytes[at++] = rest;
    this.position = at;
  }

  /** Writes an integer in [-2^63, 2^63) as a 64-bit varint. */
  varint64(value: number): void {
    if (value >= 0 && value < TWO_32) {
      this.varint(value);
      return;
    }
    this.reserve(10);
    const magnitude = Math.abs(value);
    let low = (magnitude % TWO_32) >>> 0;
    let high = Math.floor(magnitude / TWO_32) >>> 0;
    if (value < 0) {
      low = (~low + 1) >>> 0;
      high = (~high + (low === 0 ? 1 : 0)) >>> 0;
    }
    while (high > 0 || low > 127) {
      this.bytes[this.position++] = low | 128;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    this.bytes[this.position++] = low;
  }

  fixed32(value: number): void {
    this.reserve(4);
    this.view.setUint32(this.position, value, true);
    this.position += 4;
  }

  double(value: number): void {
    this.reserve(8);
    this.position = this.bytes.writeDoubleLE(value, this.position);
  }

  /** Writes bytes, prefixed with their length. */
  block(value: Uint8Array): void {
    this.reserve(value.length + 5);
    this.varint(value.length);
    this.raw(value);
  }

  raw(value: Uint8Array): void {
    this.reserve(value.length);
    this.bytes.set(value, this.position);
    this.position += value.length;
  }

  /** Writes a string in UTF-8, prefixed with its length; lone surrogates become U+FFFD. */
  text(value: string): void {
    const { length } = value;
    if (length <= SHORT_CHARS) {
      this.reserve(length * 3 + 1);
      this.bytes[this.position] = length;
      if (this.asciiAt(value, this.position + 1)) {
        this.position += length + 1;
        return;
      }
    }
    const byteLength = Buffer.byteLength(value);
    this.reserve(byteLength + 5);
    this.varint(byteLength);
    this.position += this.bytes.write(value, this.position);
  }

  /** Writes a string in UTF-8 without a length. */
  rawText(value: string): void {
    this.reserve(Buffer.byteLength(value));
    this.position += this.bytes.write(value, this.position);
  }

  /** Writes characters below 128; returns false if there are others. The caller reserves three bytes for each. */
  asciiAt(value: string, at: number): boolean {
    const { bytes } = this;
    const { length } = value;
    if (length > LOOP_CHARS) return bytes.write(value, at) === length;
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code > 127) return false;
      bytes[at + i] = code;
    }
    return true;
  }

  /** Opens a message whose length is written by {@link end}; `lengthBytes` estimates the size of that length. */
  begin(lengthBytes: 1 | 2): number {
    this.reserve(lengthBytes);
    this.position += lengthBytes;
    return this.position;
  }

  /** Closes the message that began at `start`; moves it if the estimate was wrong. */
  end(start: number, lengthBytes: 1 | 2): void {
    const length = this.position - start;
    const needed = varintSize(length);
    if (needed !== lengthBytes) {
      if (needed > lengthBytes) this.reserve(needed - lengthBytes);
      this.bytes.copyWithin(start + needed - lengthBytes, start, this.position);
    }
    this.position = start - lengthBytes;
    this.varint(length);
    this.position += length;
  }
}

function viewOf({ buffer, byteOffset, length }: Buffer): DataView {
  return new DataView(buffer, byteOffset, length);
}

/** The size of a varint in bytes, for values below 2^35. */
export function varintSize(value: number): number {
  if (value < 128) return 1;
  if (value < 16384) return 2;
  if (value < 2097152) return 3;
  return value < 268435456 ? 4 : 5;
}

/** Writes a string field with a one-byte tag. */
export function writeText(writer: ProtobufWriter, tag: number, text: string): void {
  writer.reserve(1);
  writer.bytes[writer.position++] = tag;
  writer.text(text);
}
