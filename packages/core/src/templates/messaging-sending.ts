import type { Context, Span } from '@opentelemetry/api';
import { reportFailure } from '../kit/failures.ts';
import { Operation } from '../operation.ts';
import { ATTR } from '../semconv.ts';
import { type Failure, WaitingOperation, type WaitingOperations } from './messaging-waiting.ts';
import type { TaggedEntries } from './tagged-entries.ts';

/** A message that is being sent. Its operation starts just before the library's own call. */
export interface OutgoingMessage {
  /**
   * The library has accepted the message. `tag` is its number if the broker confirms messages, otherwise 0. Return the
   * value to the application in place of `result`.
   */
  sent<T>(result: T, tag: number): T;
  /** The library threw. */
  notSent(error: unknown): void;
}

/** A sent message that the broker has not confirmed. */
export interface Unconfirmed {
  readonly span: Span;
  readonly context: Context;
  readonly ended: boolean;
  confirmed(): void;
  /** The broker returned or refused the message. */
  endWithFailure(failure: Failure): void;
}

/** What a sent message needs from its channel. */
export interface SendingChannel<Sent> {
  readonly unconfirmed: TaggedEntries<Unconfirmed>;
  readonly waiting: WaitingOperations;
  /** Keeps the first message since the last drain that the library could not write at once. */
  waitForDrain(sending: WaitingSending<Sent>): boolean;
  onSent(span: Span, message: Sent, failure: Failure | undefined): void;
}

/** A message whose span ends when the library has accepted it. Any other message becomes a `WaitingSending`. */
export class Sending<Sent> extends Operation implements OutgoingMessage {
  readonly #channel: SendingChannel<Sent>;
  readonly #message: Sent;

  constructor(span: Span, current: Context, channel: SendingChannel<Sent>, message: Sent) {
    super(span, current);
    this.#channel = channel;
    this.#message = message;
  }

  sent<T>(result: T, tag: number): T {
    // Streams return `false` when their buffer is full.
    if (tag === 0 && result !== false) return this.settle(result);
    return new WaitingSending(this.span, this.context, this.#channel, this.#message).sent(result, tag);
  }

  notSent(error: unknown): void {
    this.fail(error);
    this.end();
  }

  override end(): void {
    if (!this.ended) reportSent(this.#channel, this.span, this.#message, undefined);
    super.end();
  }
}

/** A message that waits for the broker's confirm, or for space in the library's write buffer. */
export class WaitingSending<Sent> extends WaitingOperation implements Unconfirmed {
  readonly #channel: SendingChannel<Sent>;
  readonly #message: Sent;
  #tag = 0;
  #waitsForDrain = false;
  #failure: Failure | undefined;

  constructor(span: Span, current: Context, channel: SendingChannel<Sent>, message: Sent) {
    super(span, current);
    this.#channel = channel;
    this.#message = message;
  }

  sent<T>(result: T, tag: number): T {
    this.#tag = tag;
    if (tag > 0) this.#channel.unconfirmed.add(tag, this);
    if (result === false) {
      this.span.setAttribute(ATTR.messagingBackPressure, true);
      this.#waitsForDrain = this.#channel.waitForDrain(this);
    }
    if (tag === 0 && !this.#waitsForDrain) this.end();
    else this.#channel.waiting.add(this);
    return result;
  }

  confirmed(): void {
    this.#tag = 0;
    this.end();
  }

  drained(): void {
    this.#waitsForDrain = false;
    if (this.ended) return;
    this.span.addEvent('drain');
    if (this.#tag === 0) this.end();
  }

  override endWithFailure(failure: Failure): void {
    this.#failure = failure;
    super.endWithFailure(failure);
  }

  expire(timeoutMs: number): void {
    const missing = this.#tag > 0 ? 'confirmed by the broker' : 'written to the socket';
    this.endWithFailure({ type: 'timeout', message: `not ${missing} within ${timeoutMs} ms` });
  }

  override end(): void {
    if (this.ended) return;
    if (this.#tag > 0) this.#channel.unconfirmed.delete(this.#tag, this);
    this.#channel.waiting.delete(this);
    reportSent(this.#channel, this.span, this.#message, this.#failure);
    super.end();
  }
}

function reportSent<Sent>(
  channel: SendingChannel<Sent>,
  span: Span,
  message: Sent,
  failure: Failure | undefined,
): void {
  try {
    channel.onSent(span, message, failure);
  } catch (fault) {
    reportFailure('ending a sent message', fault);
  }
}
