import {
  currentContext,
  dress,
  guard,
  http,
  perObject,
  type RoutedRequest,
  reportFailure,
} from '@clew/core/plugin';
import { isRoute, type KoaContext, type KoaTools, koa, type Middleware, routedOf, routeOf } from './koa.ts';
import { replaceMatched, traceHandler } from './patch-router.ts';

interface Koa {
  middleware: readonly Middleware[];
}
type Callback = (this: Koa) => unknown;
type HandleRequest = (this: Koa, context: KoaContext, handlers: unknown) => unknown;
type Emit = (this: Koa, event: string | symbol, ...args: unknown[]) => boolean;

/** The classes of routers in middleware. A bundled application has them without a module of that name. */
const routerPrototypes = new Set<object>();

export function patchKoa(moduleExports: unknown, tools: KoaTools): void {
  const Koa = moduleExports as { new (): { readonly context: object }; readonly prototype: Koa };
  koa.enable(tools);
  tools.onDisable(watchRoutes(Object.getPrototypeOf(new Koa().context)));
  for (const prototype of routerPrototypes) tools.wrap(prototype, 'match', replaceMatched);
  tools.wrap(Koa.prototype, 'callback', composeTraced);
  tools.wrap(Koa.prototype, 'handleRequest', takeRequest);
  tools.wrap(Koa.prototype, 'emit', noteErrors);
}

/**
 * Passes `compose` a live view in which each middleware is traced. `app.middleware` keeps the application's own
 * functions, and middleware that is added after `callback()` is traced wherever koa-compose itself sees it.
 */
function composeTraced(callback: Callback): Callback {
  return function () {
    const own = this.middleware;
    this.middleware = new Proxy(own, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key);
        return typeof value === 'function' && Object.hasOwn(target, key)
          ? traceMiddleware(value as Middleware)
          : value;
      },
    });
    try {
      return callback.call(this);
    } finally {
      this.middleware = own;
    }
  };
}

function traceMiddleware(middleware: Middleware): Middleware {
  const { router } = middleware;
  if (router === undefined) return tracedMiddleware(middleware);
  // The layers are the handlers of the router, not the router itself.
  const prototype: object = Object.getPrototypeOf(router);
  routerPrototypes.add(prototype);
  koa.tools?.wrap(prototype, 'match', replaceMatched);
  return middleware;
}

const tracedMiddleware = perObject(
  (middleware: Middleware) => dress(traceHandler(middleware), middleware) as Middleware,
);

/** Middleware may create a server request, so the one at the entry is read first. */
function takeRequest(handle: HandleRequest): HandleRequest {
  return function (context, handlers) {
    routedOf(context);
    return handle.call(this, context, handlers);
  };
}

/** Koa emits `error` for each error that it responds to; middleware that handles errors emits it as well. */
function noteErrors(emit: Emit): Emit {
  return function (event, ...args) {
    if (event === 'error') guard('noting an error of Koa', () => noteError(args[0], koa.of(args[1])));
    return emit.call(this, event, ...args);
  };
}

function noteError(error: unknown, routed: RoutedRequest | undefined): void {
  const served = http.serverRequestOf(currentContext());
  if (routed !== undefined) routed.fail(error);
  else if (served !== undefined) served.error ??= error;
}

const MATCHED = Symbol('clew.matched-route');

/**
 * Observes `ctx._matchedRoute`, which every router writes when it enters a layer. So a route is known as soon as it
 * matches, however the router is mounted or composed. Returns a function that stops it.
 */
function watchRoutes(contextPrototype: object): () => void {
  Object.defineProperty(contextPrototype, '_matchedRoute', {
    configurable: true,
    get(this: { [MATCHED]?: unknown }) {
      return this[MATCHED];
    },
    set(this: KoaContext & { [MATCHED]?: unknown }, path: string | RegExp) {
      this[MATCHED] = path;
      // No closure: this runs twice for every request.
      try {
        if (isMatchedRoute(this, path)) routedOf(this)?.match(routeOf(this, path));
      } catch (fault) {
        reportFailure('reading the route of Koa', fault);
      }
    },
  });
  return () => Reflect.deleteProperty(contextPrototype, '_matchedRoute');
}

/** Routers write the path of their middleware as well, which may be an expression that the router made. */
function isMatchedRoute({ matched = [] }: KoaContext, path: unknown): boolean {
  for (const layer of matched) if (layer.path === path && isRoute(layer)) return true;
  return false;
}
