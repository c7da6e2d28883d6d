import type { Attributes } from '@opentelemetry/api';
import type { BatchSender, Outcome } from './batch-sender.ts';
import type { DetachedScope } from './detached-scope.ts';
import type { OtlpFormat } from './otlp-format.ts';
import { ProtobufWriter, TOO_LARGE } from './protobuf-writer.ts';
import type { InstrumentationScope } from './sdk-interfaces.ts';
import type { SpanRecord } from './span-record.ts';
import { type Counters, describe } from './stats.ts';

/** The open batch's spans of one scope. */
export interface Lane {
  readonly scope: InstrumentationScope;
  writer: ProtobufWriter;
  spans: number;
}

/** Bounds of the queue. */
export interface QueueBounds {
  readonly maxQueueBytes: number;
  readonly maxBatchBytes: number;
  readonly scheduleDelayMs: number;
}

interface Batch {
  readonly number: number;
  readonly body: Buffer;
  readonly spans: number;
}

const LANE_BYTES = 4096;
const LANE_KEEP_BYTES = 65_536;
const SLACK_BYTES = 1024;

/**
 * Encodes ended spans into the open batch, seals it when it is full or old, and hands sealed batches to the
 * sender one after the other. All that it keeps is bytes, at most `maxQueueBytes` of them.
 */
export class BatchQueue {
  readonly #format: OtlpFormat;
  readonly #resource: Readonly<Attributes>;
  readonly #bounds: QueueBounds;
  readonly #counters: Counters;
  readonly #sender: BatchSender;
  readonly #scope: DetachedScope;
  readonly #openLanes = new Set<Lane>();
  readonly #sealed: Batch[] = [];
  #waiters: { readonly number: number; readonly resolve: () => void }[] = [];
  #openBytes = 0;
  #openSpans = 0;
  #sealedBytes = 0;
  #sealedSpans = 0;
  #sealedCount = 0;
  #settledCount = 0;
  #timer: NodeJS.Timeout | undefined;
  #draining = false;
  #closed = false;

  constructor(
    format: OtlpFormat,
    resource: Readonly<Attributes>,
    bounds: QueueBounds,
    counters: Counters,
    sender: BatchSender,
    scope: DetachedScope,
  ) {
    this.#format = format;
    this.#resource = resource;
    this.#bounds = bounds;
    this.#counters = counters;
    this.#sender = sender;
    this.#scope = scope;
  }

  get bytes(): number {
    return this.#openBytes + this.#sealedBytes;
  }

  get spans(): number {
    return this.#openSpans + this.#sealedSpans;
  }

  openLane(scope: InstrumentationScope): Lane {
    return { scope, writer: this.#newWriter(), spans: 0 };
  }

  add(lane: Lane, span: SpanRecord): void {
    if (this.#closed) {
      this.#counters.drop('shutdown', 1, 'a span ended after shutdown()');
      return;
    }
    if (this.bytes >= this.#bounds.maxQueueBytes) {
      this.#dropForQueue();
      return;
    }
    let bytes = this.#write(lane, span);
    if (bytes === 0) return;
    if (this.#openBytes > 0 && this.#openBytes + bytes > this.#bounds.maxBatchBytes) {
      // Written again into the next batch: happens once a batch.
      lane.writer.position -= bytes;
      this.#seal();
      bytes = this.#write(lane, span);
      if (bytes === 0) return;
    }
    if (this.bytes + bytes > this.#bounds.maxQueueBytes) {
      lane.writer.position -= bytes;
      this.#dropForQueue();
      return;
    }
    if (lane.spans++ === 0) this.#openLanes.add(lane);
    this.#openBytes += bytes;
    this.#openSpans++;
    if (this.#timer === undefined) this.#schedule();
  }

  /** Resolves when all that is in the queue now has been taken, refused or given up. */
  flush(): Promise<void> {
    this.#seal();
    if (this.#settledCount === this.#sealedCount) return Promise.resolve();
    const number = this.#sealedCount;
    const settled = new Promise<void>((resolve) => this.#waiters.push({ number, resolve }));
    this.#sender.hurry();
    void this.#drain();
    return settled;
  }

  /** Takes no more spans. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  /** Gives up what is still there. */
  abandon(): void {
    this.close();
    this.#sender.close();
    const left = this.#sealed.splice(this.#draining ? 1 : 0);
    for (const batch of left) this.#settle(batch, { cause: 'shutdown', detail: 'not sent in time' });
  }

  #write(lane: Lane, span: SpanRecord): number {
    const { writer } = lane;
    const start = writer.position;
    try {
      this.#format.writeSpan(writer, span, 'whole');
      if (writer.position - start <= this.#bounds.maxBatchBytes) return writer.position - start;
    } catch (error) {
      writer.position = start;
      if (error !== TOO_LARGE) {
        this.#counters.drop('failed', 1, `a span could not be encoded: ${describe(error)}`);
        return 0;
      }
    }
    writer.position = start;
    return this.#writeBare(lane, span);
  }

  #writeBare({ writer }: Lane, span: SpanRecord): number {
    const start = writer.position;
    try {
      this.#format.writeSpan(writer, span, 'bare');
      this.#counters.spansTruncated++;
      this.#counters.warn(
        'truncated',
        () => `the span "${span.name.slice(0, 100)}" was too large and lost its attributes`,
      );
      return writer.position - start;
    } catch {
      writer.position = start;
      this.#counters.drop('tooLarge', 1, `a span was larger than ${this.#bounds.maxBatchBytes} bytes`);
      return 0;
    }
  }

  #dropForQueue(): void {
    this.#counters.drop('queueFull', 1, `${this.bytes} bytes wait for the receiver`);
  }

  #newWriter(): ProtobufWriter {
    return new ProtobufWriter(LANE_BYTES, 2 * this.#bounds.maxBatchBytes + SLACK_BYTES);
  }

  #schedule(): void {
    this.#timer = this.#scope.later(this.#bounds.scheduleDelayMs, () => {
      this.#timer = undefined;
      this.#seal();
    });
  }

  #seal(): void {
    if (this.#openSpans === 0) return;
    const lanes = [...this.#openLanes].map(({ scope, writer }) => ({
      scope,
      spans: writer.bytes.subarray(0, writer.position),
    }));
    const spans = this.#openSpans;
    const body = this.#format.assemble(this.#resource, lanes);
    for (const lane of this.#openLanes) this.#emptyLane(lane);
    this.#openLanes.clear();
    this.#openBytes = 0;
    this.#openSpans = 0;
    this.#sealed.push({ number: ++this.#sealedCount, body, spans });
    this.#sealedBytes += body.length;
    this.#sealedSpans += spans;
    if (!this.#draining) this.#scope.run(() => setImmediate(() => void this.#drain()).unref());
  }

  #emptyLane(lane: Lane): void {
    const used = lane.writer.position;
    const wasteful = lane.writer.bytes.length > LANE_KEEP_BYTES && lane.writer.bytes.length > 4 * used;
    if (wasteful) lane.writer = this.#newWriter();
    else lane.writer.position = 0;
    lane.spans = 0;
  }

  async #drain(): Promise<void> {
    if (this.#draining) return;
    this.#draining = true;
    await this.#scope.run(async () => {
      for (let batch = this.#sealed[0]; batch !== undefined; batch = this.#sealed[0]) {
        const outcome = await this.#sender.send(batch.body);
        this.#sealed.shift();
        this.#settle(batch, outcome);
      }
    });
    this.#draining = false;
  }

  #settle(batch: Batch, outcome: Outcome): void {
    this.#settledCount++;
    this.#sealedBytes -= batch.body.length;
    this.#sealedSpans -= batch.spans;
    this.#count(batch, outcome);
    this.#waiters = this.#waiters.filter(({ number, resolve }) => {
      if (number > this.#settledCount) return true;
      resolve();
      return false;
    });
  }

  #count({ spans }: Batch, outcome: Outcome): void {
    if (outcome.cause !== undefined) {
      this.#counters.drop(outcome.cause, spans, outcome.detail);
      return;
    }
    const rejected = Math.min(spans, outcome.rejectedSpans);
    this.#counters.exports++;
    this.#counters.spansExported += spans - rejected;
    this.#counters.drop('rejected', rejected, outcome.detail || 'the receiver gave no reason');
    if (rejected === 0 && outcome.detail !== '')
      this.#counters.warn('partial', () => `the receiver says: ${outcome.detail}`);
  }
}
