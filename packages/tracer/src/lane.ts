import type { OtlpFormat } from './otlp-format.ts';
import { ProtobufWriter, TOO_LARGE } from './protobuf-writer.ts';
import type { InstrumentationScope } from './sdk-interfaces.ts';
import type { SpanRecord } from './span-record.ts';
import { type Counters, describe } from './stats.ts';

const FIRST_BYTES = 4096;
const KEEP_BYTES = 65_536;
/** A length that is written as if it took five bytes must not fail at the bound. */
const SLACK_BYTES = 1024;

/** The open batch's spans of one scope, encoded. Its memory is used again for the next batch. */
export class Lane {
  readonly scope: InstrumentationScope;
  spans = 0;
  readonly #format: OtlpFormat;
  readonly #maxBatchBytes: number;
  readonly #counters: Counters;
  #writer: ProtobufWriter;

  constructor(scope: InstrumentationScope, format: OtlpFormat, maxBatchBytes: number, counters: Counters) {
    this.scope = scope;
    this.#format = format;
    this.#maxBatchBytes = maxBatchBytes;
    this.#counters = counters;
    this.#writer = this.#newWriter();
  }

  get bytes(): Uint8Array {
    return this.#writer.bytes.subarray(0, this.#writer.position);
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

  empty(): void {
    const { bytes, position } = this.#writer;
    if (bytes.length > KEEP_BYTES && bytes.length > 4 * position) this.#writer = this.#newWriter();
    else this.#writer.position = 0;
    this.spans = 0;
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

  #newWriter(): ProtobufWriter {
    return new ProtobufWriter(FIRST_BYTES, 2 * this.#maxBatchBytes + SLACK_BYTES);
  }
}
