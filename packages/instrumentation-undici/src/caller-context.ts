import { type ConnectionPeer, currentContext, type Tools } from '@clew/core';
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
  let urlKey: symbol | undefined;

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
        urlKey ??= Object.getOwnPropertySymbols(this).find(({ description }) => description === 'url');
        const outer = sendingTo;
        sendingTo = urlKey === undefined ? undefined : (Reflect.get(this as object, urlKey) as URL);
        try {
          const caller = callers.get(handler);
          if (caller === undefined) return send.call(this, options, handler);
          callers.delete(handler);
          if (currentContext() === caller) return send.call(this, options, handler);
          return context.with(caller, () => send.call(this, options, handler));
        } finally {
          sendingTo = outer;
        }
      },
  );
}

/** The URL of the client that sends a request right now. */
let sendingTo: URL | undefined;

/**
 * Where the request goes that is created right now: a client connects to its own URL, whatever origin or target the
 * request names. Unknown for the clients inside Node, whose requests name the origin that they go to.
 */
export function currentPeer(): ConnectionPeer | undefined {
  if (sendingTo === undefined) return undefined;
  const { hostname, port, protocol } = sendingTo;
  const host = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  return { host, port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port) };
}
