import { type Context, context, type Span, SpanStatusCode } from '@opentelemetry/api';
import { rootContext } from '../context/context.ts';
import { guard } from '../kit/failures.ts';
import { clearTimeout, setTimeout } from '../kit/originals.ts';
import { Operation } from '../operation.ts';
import { ATTR } from '../semconv.ts';

/** The failure of an operation that has no exception, such as the end of its channel. */
export interface Failure {
  /** `error.type`: `timeout`, `channel_closed`. */
  readonly type: string;
  readonly message: string;
}

/** Sets the error of a span that fails without an exception. */
export function setFailure(span: Span, { type, message }: Failure): void {
  span.setAttribute(ATTR.errorType, type);
  span.setStatus({ code: SpanStatusCode.ERROR, message });
}

/** An operation that waits for a settlement, a confirm or a reply, and is ended as failed at its deadline. */
export abstract class WaitingOperation extends Operation {
  /** How many checks there were when this was added, and its neighbours in the list; set by `WaitingOperations`. */
  addedAtCheck: number;
  earlier: WaitingOperation | undefined;
  later: WaitingOperation | undefined;

  constructor(span: Span, current: Context) {
    super(span, current);
    this.addedAtCheck = NO_DEADLINE;
    this.earlier = undefined;
    this.later = undefined;
  }

  /** Ends the operation as failed, without the event that it waits for. */
  endWithFailure(failure: Failure): void {
    if (this.ended) return;
    this.failWith(failure);
    this.end();
  }

  /** Sets the error of an operation that fails without an exception. */
  failWith(failure: Failure): void {
    if (this.recording) setFailure(this.span, failure);
  }

  /** The deadline has passed. */
  abstract expire(timeoutMs: number): void;
}

/** A small integer like all other values, so that V8 stores it in the object itself. */
const NO_DEADLINE = -1;

/** The number of checks in one timeout. An operation ends up to one check late, but needs no clock reading. */
const CHECKS_PER_TIMEOUT = 8;

/** About 50 MB: requests without a reply must not fill the memory until their timeout. */
const MAX_WAITING = 50_000;

/**
 * The waiting operations of one kind, in the order of their addition, with one timer for all of them. The timer
 * does not keep the process alive, and is not changed when an operation ends in time. Written for low memory as a linked list through the
 * operations themselves: the plain form, a `Set`, needs more memory for each.
 */
export class WaitingOperations<T extends WaitingOperation = WaitingOperation> {
  readonly #timeoutMs: () => number;
  #first: WaitingOperation | undefined;
  #last: WaitingOperation | undefined;
  #size = 0;
  #checks = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(timeoutMs: () => number) {
    this.#timeoutMs = timeoutMs;
  }

  /** `expires`: whether the common deadline applies to this operation. */
  add(operation: T, expires = true): void {
    const timeoutMs = expires ? this.#timeoutMs() : 0;
    if (timeoutMs > 0) {
      operation.addedAtCheck = this.#checks;
      if (this.#timer === undefined) this.#wait(timeoutMs);
    }
    if (this.#size >= MAX_WAITING)
      this.#first?.endWithFailure({
        type: 'too_many',
        message: `more than ${MAX_WAITING} operations are waiting`,
      });
    this.#size++;
    operation.earlier = this.#last;
    if (this.#last === undefined) this.#first = operation;
    else this.#last.later = operation;
    this.#last = operation;
  }

  /** Removes an operation; does nothing if it was not added. */
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

  /** Returns a copy, because ending an operation removes it. */
  all(): T[] {
    const all: T[] = [];
    for (let each = this.#first; each !== undefined; each = each.later) all.push(each as T);
    return all;
  }

  /** Ends all operations without an error. */
  stop(): void {
    for (const operation of this.all()) operation.end();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #wait(timeoutMs: number): void {
    // Not in the current context, which the timer would keep alive.
    this.#timer = context.with(rootContext, () =>
      setTimeout(() => this.#check(timeoutMs), Math.ceil(timeoutMs / CHECKS_PER_TIMEOUT)),
    );
    this.#timer.unref();
  }

  #check(timeoutMs: number): void {
    this.#timer = undefined;
    this.#checks++;
    // The first check after an operation was added may have followed at once.
    const latest = this.#checks - CHECKS_PER_TIMEOUT;
    const due = this.all().filter(
      ({ addedAtCheck }) => addedAtCheck !== NO_DEADLINE && addedAtCheck < latest,
    );
    for (const operation of due) {
      this.delete(operation);
      guard('a deadline', () => operation.expire(timeoutMs));
    }
    if (this.#first !== undefined && this.#timer === undefined) this.#wait(this.#timeoutMs() || timeoutMs);
  }
}
