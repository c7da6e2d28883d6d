import { context, type Span, SpanStatusCode } from '@opentelemetry/api';
import { rootContext } from '../context/context.ts';
import { Exchange } from '../exchange.ts';
import { guard } from '../kit/failures.ts';
import { ATTR } from '../semconv.ts';

/** Why an exchange ended otherwise than it should. */
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

/** An exchange that waits for somebody else: a settlement, a confirm, a reply. It is cut off if that never comes. */
export abstract class WaitingExchange extends Exchange {
  /** A reading of `performance.now()`; set by `Waiting`. */
  deadlineMs = Number.POSITIVE_INFINITY;

  /** Ends for another reason than the one waited for. */
  cut(reason: Cut): void {
    if (this.ended) return;
    this.failWith(reason);
    this.end();
  }

  /** Sets the error of an exchange that fails without an exception. */
  failWith(reason: Cut): void {
    if (this.recording) failWith(this.span, reason);
  }

  /** What it means that the deadline has passed. */
  abstract expire(timeoutMs: number): void;
}

/**
 * The exchanges of one kind that wait, in the order of their deadlines: one timer for all of them, which keeps no
 * process alive and is not touched by an exchange that ends in time.
 */
export class Waiting<T extends WaitingExchange = WaitingExchange> {
  readonly #open = new Set<T>();
  readonly #timeoutMs: () => number;
  #timer: NodeJS.Timeout | undefined;

  constructor(timeoutMs: () => number) {
    this.#timeoutMs = timeoutMs;
  }

  get size(): number {
    return this.#open.size;
  }

  add(exchange: T): void {
    const timeoutMs = this.#timeoutMs();
    if (timeoutMs > 0) {
      exchange.deadlineMs = performance.now() + timeoutMs;
      if (this.#timer === undefined) this.#wait(timeoutMs);
    }
    this.#open.add(exchange);
  }

  delete(exchange: T): void {
    this.#open.delete(exchange);
  }

  /** A copy: ending an exchange takes it out. */
  all(): T[] {
    return [...this.#open];
  }

  /** Ends all of them as if nothing had been waited for. */
  stop(): void {
    for (const exchange of this.all()) exchange.end();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #wait(ms: number): void {
    // Not in the context of whoever came first: the timer would keep it.
    this.#timer = context.with(rootContext, () => setTimeout(() => this.#look(), Math.min(ms, 2 ** 31 - 1)));
    this.#timer.unref();
  }

  #look(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (const exchange of this.#open) {
      if (exchange.deadlineMs === Number.POSITIVE_INFINITY) continue;
      if (exchange.deadlineMs > now) {
        this.#wait(Math.ceil(exchange.deadlineMs - now));
        return;
      }
      this.#open.delete(exchange);
      guard('a deadline', () => exchange.expire(this.#timeoutMs()));
    }
  }
}
