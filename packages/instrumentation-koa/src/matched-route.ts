import {
  guard,
  http,
  isPromise,
  joinRoute,
  observePromise,
  RoutedRequest,
  reportFailure,
} from '@clew/core/plugin';
import type { KoaContext, Next, RouterLayer } from './koa.ts';

const MATCHED = Symbol('clew.matched-route');
const ROUTED = Symbol('clew.routed-request');

/** The context of a request, with the path that a router last wrote to it. */
type RoutedContext = KoaContext & { [MATCHED]?: unknown; [ROUTED]?: RoutedRequest };

/** The routed request of a context. It is created at Koa's entry, in the context of the HTTP plugin. */
export function routedOf(koa: RoutedContext): RoutedRequest {
  koa[ROUTED] ??= new RoutedRequest(koa.res);
  return koa[ROUTED];
}

/**
 * Observes `ctx._matchedRoute`, which every router writes when it enters a layer. So a route is known as soon as it
 * matches, however the router is mounted or composed. Returns a function that stops it.
 */
export function watchRoutes(contextPrototype: object): () => void {
  Object.defineProperty(contextPrototype, '_matchedRoute', {
    configurable: true,
    get(this: RoutedContext) {
      return this[MATCHED];
    },
    set(this: RoutedContext, path: unknown) {
      this[MATCHED] = path;
      // No closure: this runs twice for every request.
      try {
        noteRoute(this, path);
      } catch (fault) {
        reportFailure('reading the route of Koa', fault);
      }
    },
  });
  return () => Reflect.deleteProperty(contextPrototype, '_matchedRoute');
}

/** Calls what follows a route that has called `next`. */
export function passOn(koa: KoaContext, next: Next): Promise<unknown> {
  const before = responseOf(koa);
  const comeBack = guard('leaving a route of Koa', () => routedOf(koa).passInward(isSet(before)));
  const following = next();
  if (comeBack === undefined || !isPromise(following)) return following;
  const passedOn = () => {
    const { body, status } = responseOf(koa);
    comeBack(body !== before.body || status !== before.status);
  };
  return observePromise(following, passedOn, () => {});
}

type SetSoFar = Pick<KoaContext, 'body' | 'status' | 'respond'>;

function responseOf(koa: KoaContext): SetSoFar {
  return (
    guard('reading a response of Koa', () => ({
      body: koa.body,
      status: koa.status,
      respond: koa.respond,
    })) ?? NOT_SET
  );
}

const NOT_SET: SetSoFar = { body: undefined, status: 404, respond: undefined };

function isSet({ body, status, respond }: SetSoFar): boolean {
  return (body !== undefined && body !== null) || status !== 404 || respond === false;
}

function noteRoute(koa: KoaContext, path: unknown): void {
  // Routers write the path of their middleware as well, which may be an expression that the router made.
  if (isRoute(koa.matched ?? [], path)) routedOf(koa).match(routeOf(koa, path));
}

function isRoute(matched: readonly RouterLayer[], path: unknown): boolean {
  for (const layer of matched) if (layer.path === path && layer.methods.length > 0) return true;
  return false;
}

/** The path of a router's layer behind the prefixes that koa-mount removed from the URL. */
export function routeOf(koa: KoaContext, path: unknown): string {
  return joinRoute(koa.mountPath === undefined ? '' : mountOf(koa, koa.mountPath), String(path));
}

/** koa-mount sets only the innermost mount and never unsets it; the URL shows all mounts. */
function mountOf({ path, originalUrl }: KoaContext, innermost: string): string {
  const whole = http.withoutQuery(originalUrl);
  const before = whole.endsWith(path) ? whole.slice(0, -path.length) : path === '/' ? whole : '';
  const mount = innermost.endsWith('/') ? innermost.slice(0, -1) : innermost;
  return before.endsWith(mount) || before.endsWith(innermost) ? before : '';
}
