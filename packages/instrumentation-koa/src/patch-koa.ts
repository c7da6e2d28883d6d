import {
  ATTR,
  createLayer,
  currentContext,
  dress,
  guard,
  type Layer,
  remembered,
  serverRequestOf,
  settleLayer,
  startLayer,
} from '@clew/core/plugin';
import type {
  KoaApplication,
  KoaClass,
  KoaContext,
  Middleware,
  RouterLayer,
  RouterMatch,
  RouterModule,
} from './koa.ts';
import type { KoaLayerType, KoaTools } from './koa-instrumentation.ts';
import { passOn, routedOf, routeOf, watchRoutes } from './matched-route.ts';

type Callback = (this: KoaApplication) => unknown;
type HandleRequest = (this: KoaApplication, context: KoaContext, handlers: unknown) => unknown;
type Emit = (this: KoaApplication, event: string | symbol, ...args: unknown[]) => boolean;
type Match = (this: unknown, ...args: unknown[]) => RouterMatch;

/** The tools in force; `undefined` while the plugin is disabled. What was composed before stays composed. */
let inForce: KoaTools | undefined;

/** Classes of routers found in middleware: a bundled application has them without a module of that name. */
const routerPrototypes = new Set<object>();

const traced = new WeakMap<Middleware, Middleware>();
const standIns = new WeakMap<RouterLayer, RouterLayer>();

export function patchKoa(moduleExports: unknown, tools: KoaTools): void {
  const Koa = moduleExports as KoaClass;
  inForce = tools;
  tools.onDisable(() => {
    inForce = undefined;
  });
  tools.onDisable(watchRoutes(Object.getPrototypeOf(new Koa().context)));
  for (const prototype of routerPrototypes) tools.wrap(prototype, 'match', traceMatches);
  tools.wrap(Koa.prototype, 'callback', composeTraced);
  tools.wrap(Koa.prototype, 'handleRequest', beginRequest);
  tools.wrap(Koa.prototype, 'emit', noteErrors);
}

export function patchRouter(moduleExports: unknown, tools: KoaTools): void {
  const { Router = moduleExports as RouterModule } = moduleExports as RouterModule;
  tools.wrap(Router.prototype, 'match', traceMatches);
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
          ? tracedMiddleware(value as Middleware)
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

/** Middleware may create a server request, so the one at the entry is read first. */
function beginRequest(handle: HandleRequest): HandleRequest {
  return function (context, handlers) {
    routedOf(context);
    return handle.call(this, context, handlers);
  };
}

/** Koa emits `error` for each error that it responds to; middleware that handles errors emits it as well. */
function noteErrors(emit: Emit): Emit {
  return function (event, ...args) {
    if (event === 'error') guard('noting an error of Koa', () => noteError(args[0], args[1]));
    return emit.call(this, event, ...args);
  };
}

function noteError(error: unknown, context: unknown): void {
  if (isKoaContext(context)) {
    routedOf(context).fail(error);
    return;
  }
  const served = serverRequestOf(currentContext());
  if (served !== undefined) served.error ??= error;
}

function isKoaContext(value: unknown): value is KoaContext {
  return typeof value === 'object' && value !== null && 'originalUrl' in value && 'res' in value;
}

/** For each request, routers compose the handlers of the matched layers. Stand-ins replace these layers. */
function traceMatches(match: Match): Match {
  return function (...args) {
    const matched = match.apply(this, args);
    if (inForce === undefined) return matched;
    const { pathAndMethod } = matched;
    const isTraced = inForce.options.layers !== 'none';
    for (let index = 0; index < pathAndMethod.length; index++) {
      const layer = pathAndMethod[index] as RouterLayer;
      if (isTraced || layer.methods.length > 0) pathAndMethod[index] = standInOf(layer);
    }
    return matched;
  };
}

function tracedMiddleware(middleware: Middleware): Middleware {
  const { router } = middleware;
  // The handlers of a router are the layers, not the router.
  if (router !== undefined) {
    const prototype: object = Object.getPrototypeOf(router);
    routerPrototypes.add(prototype);
    inForce?.wrap(prototype, 'match', traceMatches);
    return middleware;
  }
  let known = traced.get(middleware);
  if (known === undefined) {
    known = dress(trace(middleware), middleware) as Middleware;
    traced.set(middleware, known);
  }
  return known;
}

/** A layer with traced handlers; the router keeps its own. */
function standInOf(layer: RouterLayer): RouterLayer {
  const known = standIns.get(layer);
  if (known !== undefined) return known;
  const route = layer.methods.length > 0 ? layer : undefined;
  let last: Stacks | undefined;
  const stack = () => {
    const own = layer.stack;
    const isTraced = inForce !== undefined && inForce.options.layers !== 'none';
    if (last === undefined || last.isTraced !== isTraced || !isSame(last.own, own)) {
      const standIn = isTraced ? own.map((handler) => trace(handler, route)) : [...own];
      const final = standIn.at(-1);
      if (route !== undefined && final !== undefined)
        standIn.splice(-1, 1, watchPassing(final, own.length > 1));
      last = { isTraced, own: [...own], standIn };
    }
    return last.standIn;
  };
  const standIn = Object.create(layer, { stack: { get: stack } }) as RouterLayer;
  standIns.set(layer, standIn);
  return standIn;
}

/**
 * Wraps the last handler of a route, whose `next` leads to other routes and middleware. An extra handler after it would
 * cost more, because Koa would compose it for each request.
 */
function watchPassing(handler: Middleware, isLater: boolean): Middleware {
  return function (context, next) {
    // Earlier handlers may have created a server request.
    if (isLater) routedOf(context).findServerRequest();
    return handler.call(this, context, () => passOn(context, next));
  };
}

interface Stacks {
  readonly isTraced: boolean;
  readonly own: readonly Middleware[];
  readonly standIn: readonly Middleware[];
}

function isSame(one: readonly unknown[], other: readonly unknown[]): boolean {
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index++) if (one[index] !== other[index]) return false;
  return true;
}

function trace(middleware: Middleware, route?: RouterLayer): Middleware {
  const layerType: KoaLayerType = route === undefined ? 'middleware' : 'router';
  const ownName = middleware._name ?? (middleware.name || '<anonymous>');
  const layerOf = remembered((name: string) => layerNamed(name, layerType));

  return function (context, next) {
    const tools = inForce;
    if (tools === undefined || tools.options.layers === 'none') return middleware.call(this, context, next);
    if (tools.options.ignoreLayersType.includes(layerType)) return middleware.call(this, context, next);
    const name = route === undefined ? ownName : routeOf(context, route.path);
    const run = startLayer(tools, layerOf(name), { context, middlewareLayer: middleware, layerType });
    if (run === undefined) return middleware.call(this, context, next);
    return settleLayer(run, () => middleware.call(this, context, next));
  };
}

function layerNamed(name: string, layerType: KoaLayerType): Layer {
  return createLayer(`${layerType} - ${name}`, {
    'koa.name': name,
    'koa.type': layerType,
    ...(layerType === 'router' && { [ATTR.httpRoute]: name }),
  });
}
