import { Buffer } from 'node:buffer';
import type { OtlpFormat, ScopeSpans } from './otlp-format.ts';
import { ProtobufWriter, TOO_LARGE } from './protobuf-writer.ts';
import type { InstrumentationScope } from './sdk-interfaces.ts';
import type { SpanRecord } from './span-record.ts';
import { type Counters, describe } from './stats.ts';

const FIRST_BYTES = 4096;
/** Up to here, or where they fill less than half of it, spans are copied out of their memory; else they are sent from it. */
const COPY_BYTES = 65_536;
/** A length that is written as if it took five bytes must not fail at the bound. */
const SLACK_BYTES = 1024;

/** The spans of one scope in a batch that is closed. */
export interface LaneSpans extends ScopeSpans {
  /** The lane whose memory they lie in, if they are no copy. */
  readonly owner: Lane | undefined;
}

/** The open batch's spans of one scope, encoded. Its memory is used again for later batches. */
export class Lane {
  readonly scope: InstrumentationScope;
  spans = 0;
  readonly #format: OtlpFormat;
  readonly #maxBatchBytes: number;
  readonly #counters: Counters;
  #writer: ProtobufWriter;
  /** Memory of the last batch that the receiver took: new memory for each would call the garbage collector. */
  #spare: Buffer | undefined;

  constructor(scope: InstrumentationScope, format: OtlpFormat, maxBatchBytes: number, counters: Counters) {
    this.scope = scope;
    this.#format = format;
    this.#maxBatchBytes = maxBatchBytes;
    this.#counters = counters;
    this.#writer = this.#newWriter(FIRST_BYTES);
  }

  /** Appends a span, bare if it is too large; returns its bytes, or 0 when it was dropped and counted. */
  write(span: SpanRecord): number {
    const writer = this.#writer;
    const start = writer.position;
    try {
      this.#format.writeSpan(writer, span, 'whole');
      if (writer.position - start <= this.#maxBatchBytes) return writer.position - start;
    } catch (error) {
      if (error !== TOO_LARGE) {
        writer.position = start;
        this.#counters.drop('failed', 1, `a span could not be encoded: ${describe(error)}`);
        return 0;
      }
    }
    writer.position = start;
    return this.#writeBare(span);
  }

  /** Takes the last bytes back. */
  undo(bytes: number): void {
    this.#writer.position -= bytes;
  }

  /** Closes the batch: what is written from now on is the next one's. */
  take(): LaneSpans {
    const { scope } = this;
    const { bytes, position } = this.#writer;
    const written = bytes.subarray(0, position);
    this.spans = 0;
    // Half empty memory must not wait with them for a receiver that does not answer: what waits is bounded by its bytes.
    if (position > COPY_BYTES && bytes.length < 2 * position) {
      this.#writer = this.#newWriter(this.#spare ?? bytes.length);
      this.#spare = undefined;
      return { scope, spans: written, owner: this };
    }
    const spans = Uint8Array.prototype.slice.call(written);
    if (bytes.length > COPY_BYTES && bytes.length > 4 * position) {
      this.#writer = this.#newWriter(FIRST_BYTES);
      this.#spare = undefined;
    } else this.#writer.position = 0;
    return { scope, spans, owner: undefined };
  }

  /** Nobody needs this lane's spans of a closed batch any more: their memory serves another. */
  reuse(spans: Uint8Array): void {
    this.#spare = Buffer.from(spans.buffer);
  }

  #writeBare(span: SpanRecord): number {
    const writer = this.#writer;
    const start = writer.position;
    try {
      this.#format.writeSpan(writer, span, 'bare');
    } catch {
      writer.position = start;
      this.#counters.drop('tooLarge', 1, `a span was larger than ${this.#maxBatchBytes} bytes`);
      return 0;
    }
    this.#counters.spansTruncated++;
    this.#counters.warn(
      'truncated',
      () => `the span "${span.name.slice(0, 100)}" was too large and lost its attributes`,
    );
    return writer.position - start;
  }

  #newWriter(initial: number | Buffer): ProtobufWriter {
    return new ProtobufWriter(initial, 2 * this.#maxBatchBytes + SLACK_BYTES);
  }
}
