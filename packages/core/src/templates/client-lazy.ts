import { context } from '@opentelemetry/api';
import { currentContext } from '../operation.ts';
import type { ClientCall } from './client-call.ts';

type Then = (onFulfilled?: unknown, onRejected?: unknown) => unknown;
type Reaction = (value: unknown) => unknown;

/**
 * Traces a lazy result: an object that sends its request when `then` is called for the first time. `start` then starts
 * the call in the context of the code that created the object. Returns the same object.
 *
 * @example
 * return client.traceLazy(query.call(this, text), () => client.startCall(tools, () => ({ operation })));
 */
export function traceLazy<Result extends PromiseLike<unknown>>(
  result: Result,
  start: () => ClientCall | undefined,
): Result {
  const caller = currentContext();
  // biome-ignore lint/complexity/useLiteralKeys: a property of the object itself.
  const original = result['then'] as Then;
  const first: Then = function (this: unknown, onFulfilled, onRejected) {
    Reflect.deleteProperty(result, 'then');
    const call = context.with(caller, start);
    if (call?.observed !== true) return original.call(this, onFulfilled, onRejected);
    const fulfilled: Reaction = (value) => {
      call.end();
      return typeof onFulfilled === 'function' ? onFulfilled(value) : value;
    };
    const rejected: Reaction = (error) => {
      call.fail(error);
      call.end();
      if (typeof onRejected === 'function') return onRejected(error);
      throw error;
    };
    return call.run(() => original.call(this, fulfilled, rejected));
  };
  Reflect.defineProperty(result, 'then', {
    value: first,
    writable: true,
    configurable: true,
    enumerable: false,
  });
  return result;
}
