import { type FrameworkResponse, type FrameworkTools, http, type ResponseSoFar } from '@clew/core/plugin';

/** What the plugin uses of the context of a request in Koa 2 and 3. */
export interface KoaContext {
  readonly path: string;
  readonly originalUrl: string;
  /** The response of `node:http`. */
  readonly res: FrameworkResponse;
  readonly body: unknown;
  readonly status: number;
  /** `false` where the application sends the response itself. */
  readonly respond?: boolean;
  /** The prefix that koa-mount removed from the path last. */
  readonly mountPath?: string;
  /** The layers of all routers that match the path, whatever the method. */
  readonly matched?: readonly RouterLayer[];
}

export type Middleware = ((this: unknown, context: KoaContext, next: Next) => unknown) & {
  /** The router, on the result of its `routes()`. */
  readonly router?: object;
  /** The name of a generator function that Koa 2 has converted. */
  readonly _name?: string;
};

export type Next = () => Promise<unknown>;

/** A route or middleware of a router. */
export interface RouterLayer {
  readonly path: string | RegExp;
  readonly methods: readonly string[];
  readonly stack: readonly Middleware[];
}

/** What the hooks receive about a layer. */
export interface KoaLayerInfo {
  readonly context: KoaContext;
  readonly middlewareLayer: Middleware;
  /** `router` is a handler of a route; everything else is `middleware`. */
  readonly layerType: 'router' | 'middleware';
}

export const koa = new http.Framework<KoaLayerInfo>({ name: 'koa', layerTypes: ['router', 'middleware'] });

export type KoaTools = FrameworkTools<KoaLayerInfo>;

/** Whether a layer of a router is a route. Middleware has no methods. */
export function isRoute({ methods }: RouterLayer): boolean {
  return methods.length > 0;
}

/** The routed request of a context. The first call has to run at Koa's entry, in the context of the HTTP plugin. */
export function routedOf(context: KoaContext): http.RoutedRequest | undefined {
  return koa.of(context) ?? koa.take(context, new http.RoutedRequest(context.res));
}

/** The response that the handlers have set so far. */
export function responseOf({ body, status, respond }: KoaContext): ResponseSoFar {
  return {
    body,
    status,
    isSet: (body !== undefined && body !== null) || status !== 404 || respond === false,
  };
}

/** The path of a router's layer behind the prefixes that koa-mount removed from the URL. */
export function routeOf(context: KoaContext, path: string | RegExp): string {
  return http.joinRoute(
    context.mountPath === undefined ? '' : mountOf(context, context.mountPath),
    String(path),
  );
}

/** koa-mount sets only the innermost mount and never unsets it; the URL shows all mounts. */
function mountOf({ path, originalUrl }: KoaContext, innermost: string): string {
  const url = http.withoutQuery(originalUrl);
  const removed = url.endsWith(path) ? url.slice(0, -path.length) : path === '/' ? url : '';
  return http.joinRoute(removed, '').endsWith(http.joinRoute(innermost, '')) ? removed : '';
}
