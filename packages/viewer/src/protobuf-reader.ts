import { OtlpError } from './otlp-limits.ts';

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/**
 * Reads the fields of one protobuf message without copying: a cursor over `[position, end)` of a buffer.
 * Every read is checked against the end of the message: it advances or throws OtlpError.
 * https://protobuf.dev/programming-guides/encoding/
 */
export class ProtobufReader {
  readonly #bytes: Buffer;
  #position: number;
  readonly #end: number;
  #field = 0;
  #wireType = 0;

  constructor(bytes: Buffer, position = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#position = position;
    this.#end = end;
  }

  /**
   * Returns the number of the next field, or 0 at the end. The field must be read or skipped before the next call.
   */
  next(): number {
    if (this.#position >= this.#end) return 0;
    const tag = this.#varint32();
    this.#field = tag >>> 3;
    this.#wireType = tag & 7;
    if (this.#field === 0) throw new OtlpError('malformed protobuf: field number 0');
    return this.#field;
  }

  skip(): void {
    if (this.#wireType === VARINT) this.#skipVarint();
    else if (this.#wireType === FIXED64) this.#take(8);
    else if (this.#wireType === FIXED32) this.#take(4);
    else if (this.#wireType === BYTES) this.#take(this.#varint32());
    else throw new OtlpError(`malformed protobuf: wire type ${this.#wireType} in field ${this.#field}`);
  }

  /** Returns a reader for the message in this field. */
  message(): ProtobufReader {
    const start = this.#length();
    return new ProtobufReader(this.#bytes, start, this.#position);
  }

  /** Returns another reader for the rest of this message. */
  copy(): ProtobufReader {
    return new ProtobufReader(this.#bytes, this.#position, this.#end);
  }

  string(): string {
    const start = this.#length();
    return this.#bytes.toString('utf8', start, this.#position);
  }

  hex(): string {
    const start = this.#length();
    return this.#bytes.toString('hex', start, this.#position);
  }

  /** Copies the field's bytes, so that they do not keep the request's body in memory. */
  bytes(): Uint8Array {
    const start = this.#length();
    return Uint8Array.prototype.slice.call(this.#bytes, start, this.#position);
  }

  uint32(): number {
    this.#expect(VARINT);
    return this.#varint32();
  }

  int64(): bigint {
    this.#expect(VARINT);
    return BigInt.asIntN(64, this.#varint64());
  }

  fixed32(): number {
    this.#expect(FIXED32);
    return this.#bytes.readUInt32LE(this.#take(4));
  }

  fixed64(): bigint {
    this.#expect(FIXED64);
    return this.#bytes.readBigUInt64LE(this.#take(8));
  }

  double(): number {
    this.#expect(FIXED64);
    return this.#bytes.readDoubleLE(this.#take(8));
  }

  #length(): number {
    this.#expect(BYTES);
    return this.#take(this.#varint32());
  }

  #expect(wireType: number): void {
    if (this.#wireType === wireType) return;
    throw new OtlpError(`malformed protobuf: wire type ${this.#wireType} in field ${this.#field}`);
  }

  /** Skips `count` bytes and returns their start. */
  #take(count: number): number {
    const start = this.#position;
    if (count > this.#end - start) throw new OtlpError('malformed protobuf: truncated');
    this.#position = start + count;
    return start;
  }

  /** The low 32 bits of a varint; protobuf ignores higher bits. */
  #varint32(): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#byte();
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw new OtlpError('malformed protobuf: varint longer than 10 bytes');
  }

  #varint64(): bigint {
    let low = 0;
    let value = 0n;
    for (let index = 0; index < 10; index++) {
      const byte = this.#byte();
      // Four groups of seven bits fit into a small integer: most values need a bigint only at the end.
      if (index < 4) low |= (byte & 0x7f) << (7 * index);
      else value |= BigInt(byte & 0x7f) << BigInt(7 * index);
      if (byte < 0x80) return value | BigInt(low);
    }
    throw new OtlpError('malformed protobuf: varint longer than 10 bytes');
  }

  #skipVarint(): void {
    for (let index = 0; index < 10; index++) if (this.#byte() < 0x80) return;
    throw new OtlpError('malformed protobuf: varint longer than 10 bytes');
  }

  #byte(): number {
    if (this.#position >= this.#end) throw new OtlpError('malformed protobuf: truncated');
    return this.#bytes[this.#position++] as number;
  }
}
