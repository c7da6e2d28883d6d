/** Handlers that send a request again, by the times that they have sent it. */
const timesSent = new WeakMap<object, number>();

/** undici keeps a request's handler under a symbol of its own, one a copy of the library. */
const handlerKeys = new WeakMap<object, symbol>();

/**
 * How often a request was sent before: undici's handlers of retries and redirects send a new one each time, and stay
 * the same themselves. Unknown, and so 0, where they are wrapped (version 7) and for redirects of `fetch`.
 */
export function countResend(request: object): number {
  const handler = handlerOf(request);
  if (typeof handler !== 'object' || handler === null || !('dispatch' in handler)) return 0;
  const times = timesSent.get(handler) ?? 0;
  timesSent.set(handler, times + 1);
  return times;
}

/** The handler that a request's caller gave. */
export function handlerOf(request: object): unknown {
  let key = handlerKeys.get(request.constructor);
  if (key === undefined) {
    key = Object.getOwnPropertySymbols(request).find(({ description }) => description === 'handler');
    if (key === undefined) return undefined;
    handlerKeys.set(request.constructor, key);
  }
  return Reflect.get(request, key);
}
