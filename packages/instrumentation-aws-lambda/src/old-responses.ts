import { type AnyFunction, bindCallback, dress } from '@clew/core/plugin';
import type { Flush } from './flush.ts';
import type { Invocation, LambdaContext } from './invocation.ts';
import { calledBack } from './unfinished-invocations.ts';

// How handlers respond without a promise, which the runtimes for Node.js 22 and older allow.

export type Callback = (this: unknown, error: unknown, result?: unknown) => unknown;

/** Returns a callback that ends the invocation and exports its spans before it responds. */
export function tracedCallback(
  invocation: Invocation,
  flush: Flush | undefined,
  callback: Callback,
): Callback {
  const respond = bindCallback(callback);
  let flushed: Promise<void> | undefined;
  const tracing: Callback = function (this: unknown, ...args) {
    const [error, result] = args;
    calledBack(invocation);
    if (error) invocation.fail(error);
    else invocation.succeed(result);
    if (flush === undefined) return Reflect.apply(respond, this, args);
    flushed ??= flush();
    // What the callback throws is an exception, as without tracing, and not the rejection of a promise.
    void flushed.then(() => process.nextTick(() => Reflect.apply(respond, this, args)));
    return undefined;
  };
  return dress(tracing as AnyFunction, callback as AnyFunction) as unknown as Callback;
}

/** Each method of the context that responds, and its arguments as those of a callback. */
const METHODS: Readonly<Record<string, (...args: unknown[]) => [error: unknown, result?: unknown]>> = {
  done: (error, result) => [error, result],
  fail: (error) => [error ?? 'handled'],
  succeed: (result) => [undefined, result],
};

/** Replaces the methods of the context with which a handler may respond. The runtime itself uses them after a promise. */
export function traceContextMethods(
  invocation: Invocation,
  flush: Flush | undefined,
  context: LambdaContext,
): void {
  const methods = context as Record<string, unknown>;
  for (const [name, argumentsOf] of Object.entries(METHODS)) {
    const original = methods[name];
    if (typeof original !== 'function') continue;
    const respond = original as (...args: unknown[]) => unknown;
    const tracing = function (this: unknown, ...args: unknown[]): unknown {
      if (invocation.ended) return Reflect.apply(respond, this, args);
      const call = () => Reflect.apply(respond, this, args);
      return tracedCallback(invocation, flush, call).apply(undefined, argumentsOf(...args));
    };
    methods[name] = dress(tracing as AnyFunction, original as AnyFunction);
  }
}
