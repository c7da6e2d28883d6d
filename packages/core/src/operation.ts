import { type EventEmitter, errorMonitor } from 'node:events';
import { type Attributes, type Context, context, type Span, trace } from '@opentelemetry/api';
import { rootContext } from './context/context.ts';
import { reportFailure } from './kit/failures.ts';
import { observePromise } from './kit/observe-promise.ts';
import { recordError } from './record-error.ts';

/**
 * The life of one request and response, query, layer or message: a span, the context in which it is current,
 * and an end that comes exactly once. This is the one place where spans of plugins are started and ended.
 * No `#private` here: V8 makes the objects of classes whose base has one slower, and every request makes one.
 */
export class Operation {
  readonly span: Span;
  /** The context in which the span is current. */
  readonly context: Context;
  /** The context around it: that of the code which made the call. */
  readonly caller: Context | undefined;
  /** Whether the end has come; set by {@link end} alone. */
  ended = false;

  constructor(span: Span, current: Context, caller?: Context) {
    this.span = span;
    this.context = current;
    this.caller = caller;
  }

  /** Whether anything that is said about this operation is kept. */
  get recording(): boolean {
    return !this.ended && this.span.isRecording();
  }

  /** Records what went wrong: an `exception` event, `error.type` and the error status. Any value may be thrown. */
  fail(error: unknown): void {
    if (!this.recording) return;
    try {
      recordError(this.span, error);
    } catch (fault) {
      reportFailure('recording an error', fault);
    }
  }

  /**
   * Ends the span; later calls do nothing. `attributes` are set before the end. `endTimeMs`, in the terms of
   * `performance.now()`, is the time of the end where that has passed.
   */
  end(attributes?: Attributes, endTimeMs?: number): void {
    if (this.ended) return;
    try {
      if (attributes !== undefined && this.span.isRecording()) this.span.setAttributes(attributes);
    } catch (fault) {
      reportFailure('setting attributes', fault);
    }
    this.ended = true;
    try {
      this.span.end(endTimeMs);
    } catch (fault) {
      reportFailure('ending a span', fault);
    }
  }

  /** Calls `fn` with the span current. What it throws is recorded, ends the span, and is thrown on. */
  run<T>(fn: () => T): T {
    try {
      return context.with(this.context, fn);
    } catch (error) {
      this.fail(error);
      this.end();
      throw error;
    }
  }

  /**
   * Ends the span when the promise settles, at once if the value is no promise. Give the application the result in
   * place of the original: see {@link observePromise}.
   */
  settle<T>(value: T): T {
    if (typeof value !== 'object' || value === null) {
      this.end();
      return value;
    }
    const failed = (error: unknown) => {
      this.fail(error);
      this.end();
    };
    return observePromise(value, () => this.end(), failed);
  }

  /**
   * The callback to give to the library in place of the application's. Its call ends the span, as a failure where the
   * first argument is an error; then `fn` runs in the context of the caller, whatever is current where the library
   * calls it. Further calls only run `fn`. Name, length, `this`, arguments and result are those of `fn`; a value that is
   * no function is returned as it is.
   *
   * @example
   * return operation.run(() => send.call(this, text, operation.callback(callback)));
   */
  callback<F>(fn: F): F {
    if (typeof fn !== 'function') return fn;
    const caller = this.caller ?? currentContext();
    const called = fn as unknown as AnyCallback;
    const operation = this;
    const wrapped = function (this: unknown, ...args: unknown[]): unknown {
      const [error] = args;
      if (error) operation.fail(error);
      operation.end();
      return context.with(caller, called, this, ...args);
    };
    // Libraries look at the length. Cheaper than all that `dress` copies: a callback is made for each call.
    Object.defineProperty(wrapped, 'length', { value: called.length, configurable: true });
    Object.defineProperty(wrapped, 'name', { value: called.name, configurable: true });
    return wrapped as F;
  }

  /**
   * Ends the span at the first of the events, `close` unless others are given; an `error` event before it is a failure.
   * The application's listeners decide what becomes of that error, as if nobody listened here.
   */
  endOn(emitter: EventEmitter, ...events: readonly string[]): void {
    const ends = events.length === 0 ? ['close'] : events;
    const failed = (error: unknown) => this.fail(error);
    const ended = () => {
      emitter.removeListener(errorMonitor, failed);
      for (const event of ends) emitter.removeListener(event, ended);
      this.end();
    };
    emitter.on(errorMonitor, failed);
    for (const event of ends) emitter.on(event, ended);
  }
}

type AnyCallback = (this: unknown, ...args: unknown[]) => unknown;

/** Starts an operation. `start` makes the span in the parent context; when it fails, `undefined` comes back and the program goes on. */
export function startOperation(
  place: string,
  parent: Context,
  start: (parent: Context) => Span,
): Operation | undefined {
  try {
    const span = start(parent);
    return new Operation(span, trace.setSpan(parent, span), parent);
  } catch (fault) {
    reportFailure(place, fault);
    return undefined;
  }
}

/** The context that is current now, or the root when there is none. */
export function currentContext(): Context {
  return context.active() ?? rootContext;
}
