import { type Context, context, type Span, SpanStatusCode } from '@opentelemetry/api';
import { rootContext } from '../context/context.ts';
import { guard } from '../kit/failures.ts';
import { clearTimeout, setTimeout } from '../kit/originals.ts';
import { Operation } from '../operation.ts';
import { ATTR } from '../semconv.ts';

/** Why an operation ended otherwise than it should. */
export interface Cut {
  /** `error.type`: `timeout`, `channel_closed`. */
  readonly type: string;
  readonly message: string;
}

/** Sets the error of a span that fails without an exception. */
export function failWith(span: Span, { type, message }: Cut): void {
  span.setAttribute(ATTR.errorType, type);
  span.setStatus({ code: SpanStatusCode.ERROR, message });
}

/** An operation that waits for somebody else: a settlement, a confirm, a reply. It is cut off if that never comes. */
export abstract class WaitingOperation extends Operation {
  /** How often `Waiting` had looked when this came to wait, and the neighbours in the order of these; set by it. */
  cameAfter: number;
  earlier: WaitingOperation | undefined;
  later: WaitingOperation | undefined;

  constructor(span: Span, current: Context) {
    super(span, current);
    this.cameAfter = NO_DEADLINE;
    this.earlier = undefined;
    this.later = undefined;
  }

  /** Ends for another reason than the one waited for. */
  cut(reason: Cut): void {
    if (this.ended) return;
    this.failWith(reason);
    this.end();
  }

  /** Sets the error of an operation that fails without an exception. */
  failWith(reason: Cut): void {
    if (this.recording) failWith(this.span, reason);
  }

  /** What it means that the deadline has passed. */
  abstract expire(timeoutMs: number): void;
}

/** A small integer, as all others: V8 keeps it in the object itself. */
const NO_DEADLINE = -1;

/** In one time-out. An operation is cut off by up to this part of it too late, and for that reads no clock. */
const LOOKS = 8;

/** About 50 MB: requests that nobody ever answers must not fill the memory until their time is out. */
const MOST_WAITING = 50_000;

/**
 * The exchanges of one kind that wait, in the order in which they came: one timer for all of them, which keeps no
 * process alive and is not touched by an operation that ends in time. A list through the exchanges themselves: in a
 * `Set` each would need more room.
 */
export class Waiting<T extends WaitingOperation = WaitingOperation> {
  readonly #timeoutMs: () => number;
  #first: WaitingOperation | undefined;
  #last: WaitingOperation | undefined;
  #size = 0;
  #looks = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(timeoutMs: () => number) {
    this.#timeoutMs = timeoutMs;
  }

  /** `expires`: whether the common deadline is this one's too. */
  add(operation: T, expires = true): void {
    const timeoutMs = expires ? this.#timeoutMs() : 0;
    if (timeoutMs > 0) {
      operation.cameAfter = this.#looks;
      if (this.#timer === undefined) this.#wait(timeoutMs);
    }
    if (this.#size >= MOST_WAITING)
      this.#first?.cut({ type: 'too_many', message: `${MOST_WAITING} others came to wait` });
    this.#size++;
    operation.earlier = this.#last;
    if (this.#last === undefined) this.#first = operation;
    else this.#last.later = operation;
    this.#last = operation;
  }

  /** Takes out one that was added; any other is left alone. */
  delete(operation: T): void {
    const { earlier, later } = operation;
    if (earlier === undefined && this.#first !== operation) return;
    if (earlier === undefined) this.#first = later;
    else earlier.later = later;
    if (later === undefined) this.#last = earlier;
    else later.earlier = earlier;
    operation.earlier = undefined;
    operation.later = undefined;
    this.#size--;
  }

  /** A copy: ending an operation takes it out. */
  all(): T[] {
    const all: T[] = [];
    for (let each = this.#first; each !== undefined; each = each.later) all.push(each as T);
    return all;
  }

  /** Ends all of them as if nothing had been waited for. */
  stop(): void {
    for (const operation of this.all()) operation.end();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #wait(timeoutMs: number): void {
    // Not in the context of whoever came first: the timer would keep it.
    this.#timer = context.with(rootContext, () =>
      setTimeout(() => this.#look(timeoutMs), Math.ceil(timeoutMs / LOOKS)),
    );
    this.#timer.unref();
  }

  #look(timeoutMs: number): void {
    this.#timer = undefined;
    this.#looks++;
    // The first look after it came may have been at once.
    const latest = this.#looks - LOOKS;
    const due = this.all().filter(({ cameAfter }) => cameAfter !== NO_DEADLINE && cameAfter < latest);
    for (const operation of due) {
      this.delete(operation);
      guard('a deadline', () => operation.expire(timeoutMs));
    }
    if (this.#first !== undefined && this.#timer === undefined) this.#wait(this.#timeoutMs() || timeoutMs);
  }
}
