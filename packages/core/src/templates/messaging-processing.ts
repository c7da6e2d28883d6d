import { type Attributes, type Context, context, type Span } from '@opentelemetry/api';
import { reportFailure } from '../kit/failures.ts';
import { observePromise } from '../kit/observe-promise.ts';
import { type Failure, WaitingOperation } from './messaging-waiting.ts';

/** How a consumer settles a delivery, in the library's own word. `ack` accepts it; any other word is a failure. */
export type Settlement = string;

/** What a processing needs from its channel. */
export interface ProcessingChannel {
  /** Called before the end. `ending` is how the delivery was settled, or the `error.type` of what ended it early. */
  onProcessed(processing: Processing, ending: string): void;
  /** The handler is done, but a settlement or a reply is missing: from now on, that has a deadline. */
  waitOn(processing: Processing): void;
}

/** Several deliveries that are processed at once. */
export interface Batch {
  readonly deliveries: readonly unknown[];
  /** The numbers for their settlement; empty if they need none. */
  readonly tags: readonly number[];
}

/** What is processed. */
export interface Work {
  /** In a batch, the first one. */
  readonly delivery: unknown;
  /** The number for the settlement of a single delivery, if it must be settled. */
  readonly tag: number | undefined;
  readonly batch: Batch | undefined;
}

/** The processing of one or several deliveries: ends when the handler is done and all of them are settled. */
export class Processing extends WaitingOperation {
  readonly delivery: unknown;
  readonly tag: number | undefined;
  readonly batch: Batch | undefined;
  readonly channel: ProcessingChannel;
  #unsettled: number;
  #handled = false;
  #ending = 'auto ack';

  constructor(span: Span, current: Context, channel: ProcessingChannel, { delivery, tag, batch }: Work) {
    super(span, current);
    this.channel = channel;
    this.delivery = delivery;
    this.tag = tag;
    this.batch = batch;
    this.#unsettled = batch === undefined ? (tag === undefined ? 0 : 1) : batch.tags.length;
  }

  /** The numbers for the settlement of the deliveries. */
  get tags(): readonly number[] {
    if (this.batch !== undefined) return this.batch.tags;
    return this.tag === undefined ? [] : [this.tag];
  }

  /** Whether all deliveries are settled, or need no settlement. */
  get allSettled(): boolean {
    return this.#unsettled <= 0;
  }

  /** Whether the handler has not returned, or its promise is pending. */
  get isHandling(): boolean {
    return !this.#handled;
  }

  /** Whether the handler is done and all deliveries are settled. */
  get isDone(): boolean {
    return this.#handled && this.allSettled;
  }

  /**
   * Calls the handler with the span current. The handler is done when it returns, or when the promise that it returns
   * settles. The result is that of {@link observePromise}.
   */
  handle<T>(handler: () => T): T {
    let value: T;
    try {
      value = context.with(this.context, handler);
    } catch (error) {
      this.#failed(error);
      throw error;
    }
    return observePromise(
      value,
      () => this.#done(),
      (error) => this.#failed(error),
    );
  }

  /** The consumer has settled one of the deliveries. Any settlement other than `ack` is a failure. */
  settled(how: Settlement, ending: string, attributes?: Attributes): void {
    if (this.ended) return;
    this.span.addEvent(how, attributes);
    this.#unsettled--;
    this.#ending = ending;
    if (how !== 'ack') this.failWith({ type: how, message: `the message was not accepted: ${ending}` });
    this.endWhenDone();
  }

  override endWithFailure(failure: Failure): void {
    this.#ending = failure.type;
    super.endWithFailure(failure);
  }

  expire(timeoutMs: number): void {
    this.endWithFailure({ type: 'timeout', message: `not settled within ${timeoutMs} ms` });
  }

  override end(attributes?: Attributes, endTimeMs?: number): void {
    if (this.ended) return;
    try {
      this.channel.onProcessed(this, this.#ending);
    } catch (fault) {
      reportFailure('ending a delivery', fault);
    }
    super.end(attributes, endTimeMs);
  }

  protected endWhenDone(): void {
    if (this.isDone) this.end();
  }

  #done(): void {
    this.#handled = true;
    // A fault here must not replace the result of the handler.
    try {
      this.endWhenDone();
      if (!this.ended && !this.allSettled) this.channel.waitOn(this);
    } catch (fault) {
      reportFailure('a handled delivery', fault);
    }
  }

  #failed(error: unknown): void {
    this.#ending = 'handler error';
    this.fail(error);
    this.end();
  }
}
