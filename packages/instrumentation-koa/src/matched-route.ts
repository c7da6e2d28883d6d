import { currentContext, guard, joinRoute, serverRequestOf } from '@clew/core';
import type { KoaContext, RouterLayer } from './koa.ts';

const MATCHED = Symbol('clew.matched-route');

/** The context of a request, with what routers have last written as its route. */
type RoutedContext = KoaContext & { [MATCHED]?: unknown };

/**
 * Listens to `ctx._matchedRoute`, which every router writes when it enters a layer: so a route is known from its
 * match on, whoever mounts or composes the router. Returns how to stop.
 */
export function watchRoutes(contextPrototype: object): () => void {
  Object.defineProperty(contextPrototype, '_matchedRoute', {
    configurable: true,
    get(this: RoutedContext) {
      return this[MATCHED];
    },
    set(this: RoutedContext, path: unknown) {
      this[MATCHED] = path;
      guard('reading the route of Koa', () => noteRoute(this, path));
    },
  });
  return () => Reflect.deleteProperty(contextPrototype, '_matchedRoute');
}

function noteRoute(koa: KoaContext, path: unknown): void {
  const served = serverRequestOf(currentContext());
  // Middleware of a router is written there as well, with a path that may be an expression of the router's own.
  if (served !== undefined && isRoute(koa.matched ?? [], path)) served.route = routeOf(koa, path);
}

function isRoute(matched: readonly RouterLayer[], path: unknown): boolean {
  for (const layer of matched) if (layer.path === path && layer.methods.length > 0) return true;
  return false;
}

/** A router's path, behind what koa-mount has taken off the URL. */
export function routeOf(koa: KoaContext, path: unknown): string {
  return joinRoute(koa.mountPath === undefined ? '' : mountOf(koa, koa.mountPath), String(path));
}

/** koa-mount says the innermost mount only, and also after it was left: the URL shows all of them. */
function mountOf({ path, originalUrl }: KoaContext, innermost: string): string {
  const query = originalUrl.indexOf('?');
  const whole = query < 0 ? originalUrl : originalUrl.slice(0, query);
  const before = whole.endsWith(path) ? whole.slice(0, -path.length) : path === '/' ? whole : '';
  const mount = innermost.endsWith('/') ? innermost.slice(0, -1) : innermost;
  return before.endsWith(mount) || before.endsWith(innermost) ? before : '';
}
