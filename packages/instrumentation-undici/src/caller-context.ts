import type { URL } from 'node:url';
import { type ConnectionPeer, currentContext, emitters, type Tools, urlServer } from '@clew/core/plugin';
import { type Context, context } from '@opentelemetry/api';
import { keepOwnHeaders } from './own-headers.ts';
import { symbolOf } from './symbol-of.ts';

type Method = (this: unknown, ...args: unknown[]) => unknown;
type Dispatch = (this: unknown, options: unknown, handler: object) => boolean;

/** The methods that a connection calls on a request, in all versions; they call all of the caller's code. */
const EVENTS = [
  'onBodySent',
  'onRequestSent',
  'onConnect',
  'onRequestStart',
  'onResponseStarted',
  'onHeaders',
  'onResponseStart',
  'onData',
  'onResponseData',
  'onUpgrade',
  'onRequestUpgrade',
  'onComplete',
  'onResponseEnd',
  'onError',
  'onResponseError',
] as const;

/**
 * Runs everything that happens to a request in its caller's context: the response and its body, redirects, retries.
 * undici calls the request from the connection, whose context is that of the request that opened it.
 */
export function runInCallerContext(request: object, tools: Tools<unknown>): void {
  const prototype: object = Object.getPrototypeOf(request);
  tools.once(prototype, () => {
    for (const name of EVENTS) tools.wrap<Method>(prototype, name, inCallerContext);
    keepOwnHeaders(prototype, tools);
  });
  emitters.setContext(request, currentContext());
}

function inCallerContext(method: Method): Method {
  return function (...args) {
    const caller = emitters.contextOf(this as object);
    if (caller === undefined || currentContext() === caller) return method.apply(this, args);
    return context.with(caller, method, this, ...args);
  };
}

/**
 * Sends a request that waited in a pool in its own caller's context: it leaves the queue when another request's
 * response has ended.
 */
export function sendInCallerContext(undici: unknown, tools: Tools<unknown>): void {
  const { Pool, Client } = undici as Record<'Pool' | 'Client', { readonly prototype: object }>;
  const pool: object = Object.getPrototypeOf(Pool.prototype);
  const dispatch = symbolOf(pool, 'dispatch');
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
        urlKey ??= symbolOf(this, 'url');
        const outer = currentClientUrl;
        currentClientUrl = urlKey === undefined ? undefined : (Reflect.get(this as object, urlKey) as URL);
        try {
          const caller = callers.get(handler);
          callers.delete(handler);
          if (caller === undefined || currentContext() === caller) return send.call(this, options, handler);
          return context.with(caller, send, this, options, handler);
        } finally {
          currentClientUrl = outer;
        }
      },
  );
}

/** The URL of the client that is sending a request, set while it sends synchronously. */
let currentClientUrl: URL | undefined;

/**
 * Returns the destination of the request being created: a client connects to its own URL, whatever origin or target
 * the request names. `undefined` for the clients inside Node, whose requests name their origin.
 */
export function currentPeer(): ConnectionPeer | undefined {
  if (currentClientUrl === undefined) return undefined;
  const { protocol } = currentClientUrl;
  const { address = '', port = protocol === 'https:' ? 443 : 80 } = urlServer(currentClientUrl);
  return { host: address, port };
}
