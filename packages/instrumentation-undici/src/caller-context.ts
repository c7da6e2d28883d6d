import { currentContext, type Tools } from '@clew/core';
import { type Context, context } from '@opentelemetry/api';

type Method = (this: unknown, ...args: unknown[]) => unknown;
type Dispatch = (this: unknown, options: unknown, handler: object) => boolean;

/** How undici tells a request that it is over, by version: whatever sends it again does so from here. */
const ENDINGS = ['onComplete', 'onError', 'onResponseEnd', 'onResponseError'] as const;

/**
 * Makes a redirect or a retry belong to the request's own caller. They are sent when an answer comes in or a socket
 * fails, and there the context is that of the request that opened the connection.
 */
export function endInCallersContext(request: object): void {
  const caller = currentContext();
  const methods = request as { [Name in (typeof ENDINGS)[number]]?: Method };
  for (const name of ENDINGS) {
    const method = methods[name];
    if (method === undefined) continue;
    methods[name] = (...args) => {
      if (currentContext() === caller) return method.apply(request, args);
      return context.with(caller, () => method.apply(request, args));
    };
  }
}

/**
 * Makes a request that waited in a pool be sent in its own caller's context: it leaves the queue when another
 * request's answer is over.
 */
export function leaveQueueInCallersContext(undici: unknown, tools: Tools<unknown>): void {
  const { Pool, Client } = undici as Record<'Pool' | 'Client', { readonly prototype: object }>;
  const pool: object = Object.getPrototypeOf(Pool.prototype);
  const dispatch = Object.getOwnPropertySymbols(pool).find(({ description }) => description === 'dispatch');
  if (dispatch === undefined) return;
  const callers = new WeakMap<object, Context>();

  tools.wrap<Dispatch>(
    pool,
    dispatch,
    (enqueue) =>
      function (options, handler) {
        callers.set(handler, currentContext());
        return enqueue.call(this, options, handler);
      },
  );
  tools.wrap<Dispatch>(
    Client.prototype,
    dispatch,
    (send) =>
      function (options, handler) {
        const caller = callers.get(handler);
        if (caller === undefined) return send.call(this, options, handler);
        callers.delete(handler);
        if (currentContext() === caller) return send.call(this, options, handler);
        return context.with(caller, () => send.call(this, options, handler));
      },
  );
}
