import { Buffer } from 'node:buffer';
import { originals } from '@clew/core/internal';
import { reportFailure } from '@clew/core/plugin';
import type { Attributes } from '@opentelemetry/api';
import type { BatchSender, Outcome } from './batch-sender.ts';
import type { DetachedScope } from './detached-scope.ts';
import { Lane, type LaneSpans } from './lane.ts';
import { lengthOf, type OtlpFormat } from './otlp-format.ts';
import type { InstrumentationScope } from './sdk-interfaces.ts';
import type { SpanRecord } from './span-record.ts';
import { type Counters, describe } from './stats.ts';

/** Bounds of the queue. */
export interface QueueBounds {
  readonly maxQueueBytes: number;
  readonly maxBatchBytes: number;
  readonly scheduleDelayMs: number;
}

interface Batch {
  readonly number: number;
  readonly lanes: readonly LaneSpans[];
  /** To be sent one after the other. */
  readonly parts: readonly Uint8Array[];
  readonly bytes: number;
  readonly spans: number;
}

/**
 * Encodes ended spans into the open batch, seals it when it is full or old, and hands sealed batches to the
 * sender one after the other. All that it keeps is bytes, at most `maxQueueBytes` of them.
 */
export class BatchQueue {
  readonly #format: OtlpFormat;
  readonly #resource: Readonly<Attributes>;
  readonly #bounds: QueueBounds;
  /** When a batch is full: in a small queue sooner, or it would fill the queue before it is sent. */
  readonly #fullBytes: number;
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

  openLane(scope: InstrumentationScope): Lane {
    return new Lane(scope, this.#format, this.#bounds.maxBatchBytes, this.#counters);
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
    let bytes = lane.write(span);
    if (this.#openBytes > 0 && this.#openBytes + bytes > this.#fullBytes)
      bytes = this.#writeIntoNext(lane, span, bytes);
    if (bytes === 0) return;
    if (this.bytes + bytes > this.#bounds.maxQueueBytes) {
      lane.undo(bytes);
      this.#dropForQueue();
      return;
    }
    if (lane.spans++ === 0) this.#openLanes.add(lane);
    this.#openBytes += bytes;
    this.#openSpans++;
    if (this.#timer === undefined) this.#schedule();
  }

  /** Written again into the next batch: happens once a batch. */
  #writeIntoNext(lane: Lane, span: SpanRecord, bytes: number): number {
    lane.undo(bytes);
    this.#seal();
    return lane.write(span);
  }

  /** Resolves when all that is in the queue now has been taken, refused or given up. */
  flush(lastChance = false): Promise<void> {
    this.#seal();
    if (this.#settledCount === this.#sealedCount) return Promise.resolve();
    const number = this.#sealedCount;
    const settled = new Promise<void>((resolve) => this.#waiters.push({ number, resolve }));
    this.#sender.hurry(lastChance);
    void this.#drain();
    return settled;
  }

  /**
   * Takes out all that has not been answered for, the batch under way included: nobody will wait for its answer.
   * For the end of a process, when somebody else delivers it.
   */
  takeAll(): Buffer[] {
    this.#seal();
    const taken = this.#sealed.splice(0);
    for (const batch of taken) {
      this.#counters.spansHandedOver += batch.spans;
      this.#settle(batch);
    }
    return taken.map(({ parts }) => Buffer.concat(parts));
  }

  /** Takes no more spans. */
  close(): void {
    this.#closed = true;
    originals.clearTimeout(this.#timer);
  }

  /** Gives up what is still there. */
  abandon(): void {
    this.close();
    this.#sender.close();
    const left = this.#sealed.splice(this.#draining ? 1 : 0);
    for (const batch of left) {
      this.#count(batch, { cause: 'shutdown', detail: 'not sent in time' });
      this.#settle(batch);
    }
  }

  #dropForQueue(): void {
    this.#counters.drop('queueFull', 1, `${this.bytes} bytes wait for the receiver`);
  }

  #schedule(): void {
    this.#timer = this.#scope.later(this.#bounds.scheduleDelayMs, () => {
      this.#timer = undefined;
      this.#seal();
    });
  }

  #seal(): void {
    if (this.#openSpans === 0) return;
    const lanes = [...this.#openLanes].map((lane) => lane.take());
    const spans = this.#openSpans;
    this.#openLanes.clear();
    this.#openBytes = 0;
    this.#openSpans = 0;
    let parts: Uint8Array[];
    try {
      parts = this.#format.assemble(this.#resource, lanes);
    } catch (error) {
      this.#counters.drop('failed', spans, `a batch could not be made: ${describe(error)}`);
      return;
    }
    const bytes = lengthOf(parts);
    this.#sealed.push({ number: ++this.#sealedCount, lanes, parts, bytes, spans });
    this.#sealedBytes += bytes;
    this.#sealedSpans += spans;
    // Not unref(): an idle loop would not wake up for it, and the batch would lie there until something else does.
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
        // `takeAll` took it in the meantime: its outcome no longer counts.
        if (this.#sealed[0] !== batch) continue;
        this.#sealed.shift();
        this.#count(batch, outcome);
        this.#settle(batch);
        // The memory of any other batch may still be in use by a connection that is not closed yet.
        if (outcome.cause === undefined) for (const { owner, spans } of batch.lanes) owner?.reuse(spans);
      }
    } catch (fault) {
      reportFailure('exporting', fault);
    } finally {
      // In the same turn as the last look at the queue: a batch sealed in between would wait for the next one.
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

  #settle(batch: Batch): void {
    this.#settledCount++;
    this.#sealedBytes -= batch.bytes;
    this.#sealedSpans -= batch.spans;
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
