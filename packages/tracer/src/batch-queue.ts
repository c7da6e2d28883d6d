import { Buffer } from 'node:buffer';
import { type DetachedScope, originals, reportFailure } from '@clew/core/internal';
import type { Attributes } from '@opentelemetry/api';
import type { BatchSender, Outcome } from './batch-sender.ts';
import { lengthOf, type OtlpFormat } from './otlp-format.ts';
import { type BufferedSpans, ScopeBuffer } from './scope-buffer.ts';
import type { InstrumentationScope } from './sdk-interfaces.ts';
import type { SpanRecord } from './span-record.ts';
import { type Counters, describe } from './stats.ts';

/** The limits of the queue. */
export interface QueueBounds {
  readonly maxQueueBytes: number;
  readonly maxBatchBytes: number;
  readonly scheduleDelayMs: number;
}

interface Batch {
  readonly number: number;
  readonly scopeSpans: readonly BufferedSpans[];
  /** Sent in this order. */
  readonly parts: readonly Uint8Array[];
  readonly bytes: number;
  readonly spans: number;
}

/**
 * Encodes ended spans into the open batch, seals it when it is full or old, and passes sealed batches to the
 * sender one at a time. It keeps only encoded bytes, at most `maxQueueBytes` of them.
 */
export class BatchQueue {
  readonly #format: OtlpFormat;
  readonly #resource: Readonly<Attributes>;
  readonly #bounds: QueueBounds;
  /**
   * The size at which a batch is sealed; at most half the queue, so that one batch cannot fill it before it is
   * sent.
   */
  readonly #fullBytes: number;
  readonly #counters: Counters;
  readonly #sender: BatchSender;
  readonly #scope: DetachedScope;
  readonly #openBuffers = new Set<ScopeBuffer>();
  readonly #sealed: Batch[] = [];
  #waiters: { readonly number: number; readonly resolve: () => void }[] = [];
  #openBytes = 0;
  #openSpans = 0;
  #sealedBytes = 0;
  #sealedSpans = 0;
  #sealedCount = 0;
  #finishedCount = 0;
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
    this.#fullBytes = Math.min(bounds.maxBatchBytes, bounds.maxQueueBytes / 2);
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

  openBuffer(scope: InstrumentationScope): ScopeBuffer {
    return new ScopeBuffer(scope, this.#format, this.#bounds.maxBatchBytes, this.#counters);
  }

  /** Adds an ended span, or one that a buffer of the same format has encoded. */
  add(buffer: ScopeBuffer, span: SpanRecord | Uint8Array): void {
    if (this.#closed) {
      this.#counters.drop('shutdown', 1, 'a span ended after shutdown()');
      return;
    }
    if (this.bytes >= this.#bounds.maxQueueBytes) {
      this.#dropForQueue();
      return;
    }
    let bytes = buffer.write(span);
    if (this.#openBytes > 0 && this.#openBytes + bytes > this.#fullBytes)
      bytes = this.#writeIntoNext(buffer, span, bytes);
    if (bytes === 0) return;
    if (this.bytes + bytes > this.#bounds.maxQueueBytes) {
      buffer.undo(bytes);
      this.#dropForQueue();
      return;
    }
    if (buffer.spans++ === 0) this.#openBuffers.add(buffer);
    this.#openBytes += bytes;
    this.#openSpans++;
    if (this.#timer === undefined) this.#schedule();
  }

  /** Writes the span again, into the next batch; happens once per batch. */
  #writeIntoNext(buffer: ScopeBuffer, span: SpanRecord | Uint8Array, bytes: number): number {
    buffer.undo(bytes);
    this.#seal();
    return buffer.write(span);
  }

  /** Resolves once every span queued now has been accepted, rejected or dropped. */
  flush(lastChance = false): Promise<void> {
    this.#seal();
    if (this.#finishedCount === this.#sealedCount) return Promise.resolve();
    const number = this.#sealedCount;
    const finished = new Promise<void>((resolve) => this.#waiters.push({ number, resolve }));
    this.#sender.retryNow(lastChance);
    void this.#drain();
    return finished;
  }

  /**
   * Removes and returns every batch without a response yet, including the one in flight, so that the caller can
   * deliver them when the process exits.
   */
  takeAll(): Buffer[] {
    this.#seal();
    const taken = this.#sealed.splice(0);
    for (const batch of taken) {
      this.#counters.spansHandedOver += batch.spans;
      this.#finish(batch);
    }
    return taken.map(({ parts }) => Buffer.concat(parts));
  }

  /** Stops accepting spans. */
  close(): void {
    this.#closed = true;
    originals.clearTimeout(this.#timer);
  }

  /** Drops and counts what is still queued. */
  abandon(): void {
    this.close();
    this.#sender.close();
    const left = this.#sealed.splice(this.#draining ? 1 : 0);
    for (const batch of left) {
      this.#count(batch, { cause: 'shutdown', detail: 'not sent in time' });
      this.#finish(batch);
    }
  }

  #dropForQueue(): void {
    this.#counters.drop('queueFull', 1, `${this.bytes} bytes are waiting for the receiver`);
  }

  #schedule(): void {
    this.#timer = this.#scope.later(this.#bounds.scheduleDelayMs, () => {
      this.#timer = undefined;
      this.#seal();
    });
  }

  #seal(): void {
    if (this.#openSpans === 0) return;
    const scopeSpans = [...this.#openBuffers].map((buffer) => buffer.take());
    const spans = this.#openSpans;
    this.#openBuffers.clear();
    this.#openBytes = 0;
    this.#openSpans = 0;
    let parts: Uint8Array[];
    try {
      parts = this.#format.assemble(this.#resource, scopeSpans);
    } catch (error) {
      this.#counters.drop('failed', spans, `a batch could not be assembled: ${describe(error)}`);
      return;
    }
    const bytes = lengthOf(parts);
    this.#sealed.push({ number: ++this.#sealedCount, scopeSpans, parts, bytes, spans });
    this.#sealedBytes += bytes;
    this.#sealedSpans += spans;
    // Not unref(): an idle event loop would not wake up for it, and the batch would wait until something else does.
    if (!this.#draining) this.#scope.soon(() => void this.#drain());
  }

  #drain(): Promise<void> {
    return this.#draining ? Promise.resolve() : this.#scope.run(() => this.#sendAll());
  }

  async #sendAll(): Promise<void> {
    this.#draining = true;
    try {
      for (let batch = this.#sealed[0]; batch !== undefined; batch = this.#sealed[0]) {
        const outcome = await this.#send(batch);
        // `takeAll` removed it in the meantime: its outcome no longer counts.
        if (this.#sealed[0] !== batch) continue;
        this.#sealed.shift();
        this.#count(batch, outcome);
        this.#finish(batch);
        // Reused only after success: a connection that is still open may be reading the memory of a failed batch.
        if (outcome.cause === undefined) for (const { owner, spans } of batch.scopeSpans) owner?.reuse(spans);
      }
    } catch (fault) {
      reportFailure('exporting', fault);
    } finally {
      // In the same turn as the last check of the queue: a batch sealed in between would wait for the next one.
      this.#draining = false;
    }
  }

  async #send({ parts }: Batch): Promise<Outcome> {
    try {
      return await this.#sender.send(parts);
    } catch (error) {
      return { cause: 'failed', detail: describe(error) };
    }
  }

  #finish(batch: Batch): void {
    this.#finishedCount++;
    this.#sealedBytes -= batch.bytes;
    this.#sealedSpans -= batch.spans;
    this.#waiters = this.#waiters.filter(({ number, resolve }) => {
      if (number > this.#finishedCount) return true;
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
      this.#counters.warn('partial', () => `the receiver reported: ${outcome.detail}`);
  }
}
