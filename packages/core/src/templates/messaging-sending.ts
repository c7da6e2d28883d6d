import type { Context, Span } from '@opentelemetry/api';
import { reportFailure } from '../kit/failures.ts';
import { Operation } from '../operation.ts';
import { ATTR } from '../semconv.ts';
import { type Cut, type Waiting, WaitingOperation } from './messaging-waiting.ts';
import type { TaggedEntries } from './tagged-entries.ts';

/** A message that is being sent. It starts just before the library's own call. */
export interface Outgoing {
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
  cut(reason: Cut): void;
}

/** What a sent message needs from its channel. */
export interface SendingOwner<Sent> {
  readonly unconfirmed: TaggedEntries<Unconfirmed>;
  readonly waiting: Waiting;
  /** Keeps the first message since the last drain that the library could not write at once. */
  hold(sending: WaitingSending<Sent>): boolean;
  onSent(span: Span, message: Sent, reason: Cut | undefined): void;
}

/** A message that ends when it is written. A message that the broker confirms becomes a `WaitingSending`. */
export class Sending<Sent> extends Operation implements Outgoing {
  readonly #owner: SendingOwner<Sent>;
  readonly #message: Sent;

  constructor(span: Span, current: Context, owner: SendingOwner<Sent>, message: Sent) {
    super(span, current);
    this.#owner = owner;
    this.#message = message;
  }

  sent<T>(result: T, tag: number): T {
    // Streams return `false` when their buffer is full.
    if (tag === 0 && result !== false) return this.settle(result);
    return new WaitingSending(this.span, this.context, this.#owner, this.#message).sent(result, tag);
  }

  notSent(error: unknown): void {
    this.fail(error);
    this.end();
  }

  override end(): void {
    if (!this.ended) tellOwner(this.#owner, this.span, this.#message, undefined);
    super.end();
  }
}

/** A message that waits for the broker's confirm, or for space in the write buffer. */
export class WaitingSending<Sent> extends WaitingOperation implements Unconfirmed {
  readonly #owner: SendingOwner<Sent>;
  readonly #message: Sent;
  #tag = 0;
  #held = false;
  #reason: Cut | undefined;

  constructor(span: Span, current: Context, owner: SendingOwner<Sent>, message: Sent) {
    super(span, current);
    this.#owner = owner;
    this.#message = message;
  }

  sent<T>(result: T, tag: number): T {
    this.#tag = tag;
    if (tag > 0) this.#owner.unconfirmed.add(tag, this);
    if (result === false) {
      this.span.setAttribute(ATTR.messagingBackPressure, true);
      this.#held = this.#owner.hold(this);
    }
    if (tag === 0 && !this.#held) this.end();
    else this.#owner.waiting.add(this);
    return result;
  }

  confirmed(): void {
    this.#tag = 0;
    this.end();
  }

  drained(): void {
    this.#held = false;
    if (this.ended) return;
    this.span.addEvent('drain');
    if (this.#tag === 0) this.end();
  }

  override cut(reason: Cut): void {
    this.#reason = reason;
    super.cut(reason);
  }

  expire(timeoutMs: number): void {
    const missing = this.#tag > 0 ? 'confirmed by the broker' : 'written to the socket';
    this.cut({ type: 'timeout', message: `not ${missing} within ${timeoutMs} ms` });
  }

  override end(): void {
    if (this.ended) return;
    if (this.#tag > 0) this.#owner.unconfirmed.delete(this.#tag, this);
    this.#owner.waiting.delete(this);
    tellOwner(this.#owner, this.span, this.#message, this.#reason);
    super.end();
  }
}

function tellOwner<Sent>(
  owner: SendingOwner<Sent>,
  span: Span,
  message: Sent,
  reason: Cut | undefined,
): void {
  try {
    owner.onSent(span, message, reason);
  } catch (fault) {
    reportFailure('ending a sent message', fault);
  }
}
