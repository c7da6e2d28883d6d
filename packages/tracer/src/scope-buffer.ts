// Written for speed (benchmarks/tracer-micro.mjs): large batches are sent without a copy, and their memory is reused.
// The plain form copies the spans of each batch.
import { Buffer } from 'node:buffer';
import type { OtlpFormat, ScopeSpans } from './otlp-format.ts';
import { ProtobufWriter, TOO_LARGE } from './protobuf-writer.ts';
import type { InstrumentationScope } from './sdk-interfaces.ts';
import type { SpanRecord } from './span-record.ts';
import { type Counters, describe } from './stats.ts';

const FIRST_BYTES = 4096;
/**
 * Spans are copied up to this size, or if they fill less than half of the buffer; larger ones are sent without a
 * copy.
 */
const COPY_BYTES = 65_536;
/** Space for a length that is first written as five bytes, so that it does not fail at the limit. */
const SLACK_BYTES = 1024;

/** The encoded spans of one scope in a sealed batch. */
export interface BufferedSpans extends ScopeSpans {
  /** The buffer whose memory holds the spans; `undefined` if they are a copy. */
  readonly owner: ScopeBuffer | undefined;
}

/** The encoded spans of one scope in the open batch. Its memory is reused for later batches. */
export class ScopeBuffer {
  readonly scope: InstrumentationScope;
  spans = 0;
  readonly #format: OtlpFormat;
  readonly #maxBatchBytes: number;
  readonly #counters: Counters;
  #writer: ProtobufWriter;
  /** Memory of the last accepted batch: allocating it anew for each batch would trigger garbage collections. */
  #spare: Buffer | undefined;

  constructor(scope: InstrumentationScope, format: OtlpFormat, maxBatchBytes: number, counters: Counters) {
    this.scope = scope;
    this.#format = format;
    this.#maxBatchBytes = maxBatchBytes;
    this.#counters = counters;
    this.#writer = this.#newWriter(FIRST_BYTES);
  }

  /** The memory that spans are written to, from its start. */
  get memory(): Buffer {
    return this.#writer.bytes;
  }

  /** Appends a span, bare if it is too large; returns its bytes, or 0 if it was dropped and counted. */
  write(span: SpanRecord | Uint8Array): number {
    const writer = this.#writer;
    const start = writer.position;
    if (span instanceof Uint8Array) {
      this.#format.writeEncoded(writer, span);
      return writer.position - start;
    }
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

  /** Removes the last `bytes` written. */
  undo(bytes: number): void {
    this.#writer.position -= bytes;
  }

  /** Seals the current spans and returns them; later spans go into the next batch. */
  take(): BufferedSpans {
    const { scope } = this;
    const { bytes, position } = this.#writer;
    const written = bytes.subarray(0, position);
    this.spans = 0;
    // A mostly empty buffer must not stay allocated while its spans wait: the queue's limit counts only their
    // bytes.
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

  /** Makes the memory of spans that have been delivered available to a later batch. */
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
