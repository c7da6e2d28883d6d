import { type Attributes, type Context, context, type Span } from '@opentelemetry/api';
import { sayOnce } from '../kit/failures.ts';
import { isPromise } from '../kit/is-promise.ts';
import { type Cut, WaitingExchange } from './messaging-waiting.ts';

/** How a consumer settles a delivery. */
export type Settlement = 'ack' | 'nack' | 'reject';

/** What a processing tells its channel. */
export interface ProcessingOwner {
  /** Comes before the end: `ending` says how it was settled, or is the type of what cut it off. */
  processed(processing: Processing, ending: string): void;
}

/** Several deliveries that are processed at once. */
export interface Batch {
  readonly deliveries: readonly unknown[];
  /** The numbers under which the deliveries are settled; empty where none is asked for. */
  readonly tags: readonly number[];
}

/** What is processed. */
export interface Work {
  /** The first one of a batch. */
  readonly delivery: unknown;
  /** The number under which a single delivery is settled, if that is asked for. */
  readonly tag: number | undefined;
  readonly batch: Batch | undefined;
}

/** One or several deliveries in a handler's hands: ends when the handler is done and all are settled. */
export class Processing extends WaitingExchange {
  readonly delivery: unknown;
  readonly tag: number | undefined;
  readonly batch: Batch | undefined;
  readonly #owner: ProcessingOwner;
  #unsettled: number;
  #handled = false;
  #ending = 'auto ack';

  constructor(span: Span, current: Context, owner: ProcessingOwner, { delivery, tag, batch }: Work) {
    super(span, current);
    this.#owner = owner;
    this.delivery = delivery;
    this.tag = tag;
    this.batch = batch;
    this.#unsettled = batch === undefined ? (tag === undefined ? 0 : 1) : batch.tags.length;
  }

  /** The numbers under which the deliveries are settled. */
  get tags(): readonly number[] {
    if (this.batch !== undefined) return this.batch.tags;
    return this.tag === undefined ? [] : [this.tag];
  }

  /** Whether all deliveries are settled, or none has to be. */
  get allSettled(): boolean {
    return this.#unsettled <= 0;
  }

  /** Whether somebody still waits for an answer to it. */
  get awaitsReply(): boolean {
    return false;
  }

  /**
   * Calls the handler with the span current. A promise comes back as one that settles after the handler's part has
   * ended, in the same way: a rejection that nobody handles must stay one.
   */
  handle<T>(handler: () => T): T {
    let value: T;
    try {
      value = context.with(this.context, handler);
    } catch (error) {
      this.#failed(error);
      throw error;
    }
    if (!isPromise(value)) {
      this.#done();
      return value;
    }
    const done = (result: unknown) => {
      this.#done();
      return result;
    };
    const failed = (error: unknown): never => {
      this.#failed(error);
      throw error;
    };
    return Promise.prototype.then.call(value, done, failed) as T;
  }

  /** The consumer has settled one of the deliveries. What is not acknowledged has failed. */
  settled(how: Settlement, ending: string, attributes?: Attributes): void {
    if (this.ended) return;
    this.span.addEvent(how, attributes);
    this.#unsettled--;
    this.#ending = ending;
    if (how !== 'ack') {
      this.failWith({ type: how, message: `the message was not accepted: ${ending}` });
      this.giveUpReply();
    }
    this.endWhenDone();
  }

  override cut(reason: Cut): void {
    this.#ending = reason.type;
    super.cut(reason);
  }

  expire(timeoutMs: number): void {
    const missing = this.#handled
      ? this.#unsettled > 0
        ? 'not settled'
        : 'no reply'
      : 'the handler is not done';
    this.cut({ type: 'timeout', message: `${missing} within ${timeoutMs} ms` });
  }

  override end(): void {
    if (this.ended) return;
    try {
      this.#owner.processed(this, this.#ending);
    } catch (fault) {
      sayOnce('ending a delivery', fault);
    }
    super.end();
  }

  /** Nobody will reply to a request that was not accepted. */
  protected giveUpReply(): void {}

  protected endWhenDone(): void {
    if (this.#handled && this.allSettled && !this.awaitsReply) this.end();
  }

  #done(): void {
    this.#handled = true;
    this.endWhenDone();
  }

  #failed(error: unknown): void {
    this.#ending = 'handler error';
    this.fail(error);
    this.end();
  }
}
