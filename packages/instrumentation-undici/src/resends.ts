import { symbolOf } from './symbol-of.ts';

/** For handlers that send a request again: how often they have sent it. */
const timesSent = new WeakMap<object, number>();

/** The symbols of the copies of the library, by their request classes. */
const handlerKeys = new WeakMap<object, symbol>();

/**
 * Returns how often a request was sent before: undici's retry and redirect handlers send a new request each time,
 * and remain the same object. Always 0 where they are wrapped (version 7) and for redirects of `fetch`.
 */
export function countResend(request: object): number {
  const handler = handlerOf(request);
  if (typeof handler !== 'object' || handler === null || !('dispatch' in handler)) return 0;
  const times = timesSent.get(handler) ?? 0;
  timesSent.set(handler, times + 1);
  return times;
}

/** Returns the handler passed by a request's caller. */
export function handlerOf(request: object): unknown {
  let key = handlerKeys.get(request.constructor);
  if (key === undefined) {
    key = symbolOf(request, 'handler');
    if (key === undefined) return undefined;
    handlerKeys.set(request.constructor, key);
  }
  return Reflect.get(request, key);
}
