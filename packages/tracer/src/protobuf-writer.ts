import { Buffer } from 'node:buffer';

/** Thrown by the writer when a message does not fit into its bounds; made once, for it has no stack to tell. */
export const TOO_LARGE = new Error('@clew/tracer: the message is larger than the batch');

const TWO_32 = 4294967296;
/** Up to here a loop over the characters is faster than the call into the runtime. */
const LOOP_CHARS = 24;
/** A text of as many characters has a length of one byte, if it is ASCII. */
const SHORT_CHARS = 127;

/** Bytes that grow up to a bound; protocol buffers' wire format is written straight into them. */
export class ProtobufWriter {
  bytes: Buffer;
  /** Of the same memory: a number of several bytes is one store. */
  view: DataView;
  position = 0;
  readonly #most: number;

  /** `initial`: how many bytes to begin with, or the memory itself. */
  constructor(initial: number | Buffer, mostBytes: number) {
    this.bytes = typeof initial === 'number' ? Buffer.allocUnsafeSlow(initial) : initial;
    this.view = viewOf(this.bytes);
    this.#most = mostBytes;
  }

  /** Makes room for `count` more bytes; throws {@link TOO_LARGE}. */
  reserve(count: number): void {
    if (this.position + count > this.bytes.length) this.#grow(this.position + count);
  }

  #grow(needed: number): void {
    if (needed > this.#most) throw TOO_LARGE;
    const larger = Buffer.allocUnsafeSlow(Math.min(this.#most, Math.max(needed, this.bytes.length * 2)));
    this.bytes.copy(larger, 0, 0, this.position);
    this.bytes = larger;
    this.view = viewOf(larger);
  }

  /** Writes up to 32 bits unsigned. */
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

  /** Writes a length and the bytes. */
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

  /** Writes the length in UTF-8 and the text; lone surrogates become U+FFFD. */
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

  /** Writes text as it is, without a length. */
  rawText(value: string): void {
    this.reserve(Buffer.byteLength(value));
    this.position += this.bytes.write(value, this.position);
  }

  /** Writes characters below 128; false if there are others. There must be room for three bytes each. */
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

  /** Opens a message whose length is written by {@link end}; `lengthBytes` is a guess at the length's length. */
  begin(lengthBytes: 1 | 2): number {
    this.reserve(lengthBytes);
    this.position += lengthBytes;
    return this.position;
  }

  /** Closes the message that began at `start`: moves it if the guess was wrong. */
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

/** Bytes that a length takes. */
export function varintSize(value: number): number {
  if (value < 128) return 1;
  if (value < 16384) return 2;
  if (value < 2097152) return 3;
  return value < 268435456 ? 4 : 5;
}

/** Writes a text under a one-byte tag. */
export function writeText(writer: ProtobufWriter, tag: number, text: string): void {
  writer.reserve(1);
  writer.bytes[writer.position++] = tag;
  writer.text(text);
}
