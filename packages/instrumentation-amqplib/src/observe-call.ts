import { type AnyFunction, bindCallback, guard, isPromise, observePromise } from '@clew/core/plugin';

/** What happens before the application gets the result of a call. */
interface CallObserver {
  /** For reports of failures. */
  readonly activity: string;
  onResult(result: unknown): void;
  onError?(error: unknown): void;
}

/**
 * Calls a function of either API: it returns a promise, or it takes a callback as its last argument, which runs in the
 * context of the caller.
 */
export function observeCall(
  original: AnyFunction,
  self: unknown,
  args: readonly unknown[],
  { activity, onResult, onError = () => {} }: CallObserver,
): unknown {
  const last = args.at(-1);
  let passed = args;
  if (typeof last === 'function') {
    const callback = bindCallback(last as AnyFunction);
    const observed = (...results: [unknown, unknown]) => {
      guard(activity, () => (results[0] ? onError(results[0]) : onResult(results[1])));
      return Reflect.apply(callback, undefined, results as never);
    };
    passed = [...args.slice(0, -1), observed];
  }
  let result: unknown;
  try {
    result = Reflect.apply(original, self as never, passed as never);
  } catch (error) {
    guard(activity, () => onError(error));
    throw error;
  }
  return isPromise(result) ? observePromise(result, onResult, onError) : result;
}
