import { perObject } from '@clew/core/plugin';
import {
  isRoute,
  type KoaTools,
  koa,
  type Middleware,
  type RouterLayer,
  responseOf,
  routedOf,
  routeOf,
} from './koa.ts';

type Match = (this: unknown, ...args: unknown[]) => { readonly pathAndMethod: RouterLayer[] };

interface RouterClass {
  readonly prototype: object;
}

export function patchRouter(moduleExports: unknown, tools: KoaTools): void {
  const { Router = moduleExports as RouterClass } = moduleExports as { readonly Router?: RouterClass };
  tools.wrap(Router.prototype, 'match', replaceMatched);
}

/** For each request, routers compose the handlers of the matched layers. Stand-ins replace these layers. */
export function replaceMatched(match: Match): Match {
  return function (...args) {
    const matched = match.apply(this, args);
    if (koa.tools === undefined) return matched;
    const { pathAndMethod } = matched;
    for (let index = 0; index < pathAndMethod.length; index++) {
      const layer = pathAndMethod[index] as RouterLayer;
      if (isRoute(layer) || koa.hasLayers) pathAndMethod[index] = standInOf(layer);
    }
    return matched;
  };
}

/** A layer with traced handlers; the router keeps its own. */
const standInOf = perObject((layer: RouterLayer): RouterLayer => {
  const route = isRoute(layer) ? layer : undefined;
  const traced = perObject((handler: Middleware) => traceHandler(handler, route));
  const last = perObject((handler: Middleware) => traceLastHandler(handler, layer));
  const stack = () =>
    layer.stack.map((handler, index, { length }) =>
      route !== undefined && index === length - 1 ? last(handler) : traced(handler),
    );
  return Object.create(layer, { stack: { get: stack } });
});

/** Calls a handler or middleware, as a layer if the options ask for one. */
export function traceHandler(handler: Middleware, route?: RouterLayer): Middleware {
  const layerType = route === undefined ? 'middleware' : 'router';
  const ownName = handler._name ?? (handler.name || '<anonymous>');

  return function (context, next) {
    if (!koa.traces(layerType)) return handler.call(this, context, next);
    const path = route && routeOf(context, route.path);
    const info = { context, middlewareLayer: handler, layerType } as const;
    return koa.settleLayer(path ?? ownName, path, info, () => handler.call(this, context, next));
  };
}

/**
 * The `next` of a route's last handler leads to other routes and middleware. An extra handler after it would cost more,
 * because Koa would compose it for each request.
 */
function traceLastHandler(handler: Middleware, route: RouterLayer): Middleware {
  const traced = traceHandler(handler, route);

  return function (context, next) {
    const routed = routedOf(context);
    if (routed === undefined) return traced.call(this, context, next);
    // Earlier handlers may have created a server request.
    if (route.stack.length > 1) routed.findServerRequest();
    return traced.call(this, context, () => routed.callNext(next, () => responseOf(context)));
  };
}
