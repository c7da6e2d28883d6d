import { type EventEmitter, errorMonitor } from 'node:events';
import { type Attributes, type Context, context, type Span, trace } from '@opentelemetry/api';
import { rootContext } from './context/context.ts';
import { guard, reportFailure } from './kit/failures.ts';
import { observePromise } from './kit/observe-promise.ts';
import { recordError } from './record-error.ts';

/**
 * One traced request, query, layer or message: a span, the context in which it is current, and exactly one end. Plugins
 * start and end their spans only through operations.
 * No `#private` fields, for speed: V8 creates objects of a derived class more slowly if the base class has one.
 */
export class Operation {
  readonly span: Span;
  /** The context in which the span is current. */
  readonly context: Context;
  /** The context of the code that made the call. */
  readonly caller: Context | undefined;
  /** Whether the span has ended; set only by {@link end}. */
  ended = false;

  constructor(span: Span, current: Context, caller?: Context) {
    this.span = span;
    this.context = current;
    this.caller = caller;
  }

  /** Whether attributes and errors of this operation are recorded. */
  get recording(): boolean {
    return !this.ended && this.span.isRecording();
  }

  /** Whether the outcome of the call is described: the span records it, or a metric of a derived class. */
  get isDescribed(): boolean {
    return this.recording;
  }

  /** Records an error, which may be any thrown value: an `exception` event, `error.type` and the error status. */
  fail(error: unknown): void {
    if (!this.recording) return;
    try {
      recordError(this.span, error);
    } catch (fault) {
      reportFailure('recording an error', fault);
    }
  }

  /**
   * Ends the span; later calls do nothing. `attributes` are set before the end. `endTimeMs` is the time of an end in the
   * past, in milliseconds as `performance.now()` returns; default now.
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

  /** Calls `fn` with the span current. If it throws, records the error, ends the span and rethrows. */
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
   * Ends the span when the promise settles; at once if the value is not a promise. Return the result to the application
   * in place of the original: see {@link observePromise}. `describe` sets attributes from the result before the end; it
   * is called only if they are recorded, on the span or for a metric.
   */
  settle<T>(value: T, describe?: (result: Awaited<T>) => void): T {
    if (typeof value !== 'object' || value === null) {
      this.end();
      return value;
    }
    const failed = (error: unknown) => {
      this.fail(error);
      this.end();
    };
    const succeeded = (result: unknown) => {
      if (describe !== undefined && this.isDescribed)
        guard('describing a result', () => describe(result as Awaited<T>));
      this.end();
    };
    return observePromise(value, succeeded, failed);
  }

  /**
   * Returns a callback to pass to the library in place of `fn`. It ends the span, as failed if the first argument is an
   * error, and then runs `fn` in the context of the caller. Later calls only run `fn`. Name, length, `this`, arguments
   * and result are those of `fn`. Returns a value that is not a function unchanged. `describe` sets attributes from the
   * arguments after the error before the end. It is called only if there is no error and the attributes are recorded, on
   * the span or for a metric.
   *
   * @example
   * return operation.run(() => send.call(this, text, operation.callback(callback)));
   */
  callback<F>(fn: F, describe?: (...results: never[]) => void): F {
    if (typeof fn !== 'function') return fn;
    const caller = this.caller ?? currentContext();
    const called = fn as unknown as AnyCallback;
    const operation = this;
    return withShapeOf(called, function (this: unknown, ...args: unknown[]): unknown {
      const [error, ...results] = args;
      if (error) operation.fail(error);
      else if (describe !== undefined && operation.isDescribed)
        guard('describing a result', () => describe(...(results as never[])));
      operation.end();
      return context.with(caller, called, this, ...args);
    }) as F;
  }

  /**
   * Ends the span at the first of the events (default `close`); an `error` event before it is recorded as a failure.
   * An `error` event without an application listener still throws.
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

export type AnyCallback = (this: unknown, ...args: unknown[]) => unknown;

/**
 * Gives a callback the name and the length of the original: libraries check the length. Written for speed, as each call
 * creates a callback: the plain form is `dress`, which costs 5 % of a query of pg (`npm run bench -- --only pg`). Most
 * callbacks have no name, and a replacement that is passed as an expression has no name either.
 */
export function withShapeOf(original: AnyCallback, wrapped: AnyCallback): AnyCallback {
  const { name, length } = original;
  if (wrapped.length !== length)
    Object.defineProperty(wrapped, 'length', { value: length, configurable: true });
  if (wrapped.name !== name) Object.defineProperty(wrapped, 'name', { value: name, configurable: true });
  return wrapped;
}

/**
 * Returns the callback to give to the library for a call without an operation, or for the wait for a connection. `fn`
 * runs in the context that is current now, whatever is current where the library calls it. Name, length, `this`,
 * arguments and result are those of `fn`. A value that is not a function is returned unchanged.
 *
 * @example
 * if (operation === undefined) return send.call(this, text, bindCallback(callback));
 */
export function bindCallback<F>(fn: F): F {
  if (typeof fn !== 'function') return fn;
  const caller = currentContext();
  const called = fn as unknown as AnyCallback;
  return withShapeOf(called, function (this: unknown, ...args: unknown[]): unknown {
    return context.with(caller, called, this, ...args);
  }) as F;
}

/**
 * Starts an operation. `start` starts its span in the parent context. If it throws, the failure is reported as `activity`
 * and `undefined` is returned.
 */
export function startOperation(
  activity: string,
  parent: Context,
  start: (parent: Context) => Span,
): Operation | undefined {
  try {
    const span = start(parent);
    return new Operation(span, trace.setSpan(parent, span), parent);
  } catch (fault) {
    reportFailure(activity, fault);
    return undefined;
  }
}

/** The current context, or the root context if there is none. */
export function currentContext(): Context {
  return context.active() ?? rootContext;
}
