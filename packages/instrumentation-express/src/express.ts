import type { IncomingMessage } from 'node:http';
import { http, type MountedRequest } from '@clew/core/plugin';

/** What the hooks receive about a layer. */
export interface ExpressLayerInfo {
  readonly request: ExpressRequest;
  /** The pattern matched so far, `/shop/orders/:id`; `/` before there is one. */
  readonly route: string;
  readonly layerType: 'router' | 'middleware' | 'request_handler';
}

export const express = new http.Framework<ExpressLayerInfo, MountedRequest>({
  name: 'express',
  layerTypes: ['router', 'middleware', 'request_handler'],
});

/** A request inside routers in Express 4 and 5. Each router removes its mount's part from the URL. */
export interface ExpressRequest extends IncomingMessage {
  readonly baseUrl: string;
  readonly url: string;
  readonly route?: ExpressRoute;
  /** The `next` of the innermost router. */
  next?: Next;
}

export interface ExpressRoute {
  readonly path: Path;
  readonly stack: readonly ExpressLayer[];
  /** The methods with a handler, in lower case; `_all` for `route.all()`. */
  readonly methods: Readonly<Record<string, boolean | undefined>>;
}

/** An entry of a router's stack, or of a route's. */
export interface ExpressLayer {
  readonly name: string;
  readonly handle: ((this: unknown, ...args: never[]) => unknown) & { readonly stack?: unknown };
  /** Set only on the layer of a route. */
  readonly route?: ExpressRoute | undefined;
  match(path: string): unknown;
}

export interface LayerClass {
  new (path: Path, options: { readonly end: boolean }, handle: () => void): ExpressLayer;
  readonly prototype: object;
}

/** The path of a route or a mount. */
export type Path = string | RegExp | readonly Path[];

export type Next = (error?: unknown) => void;

/** The error that `next` was called with; `undefined` for the two words that are signals to Express. */
export function errorOf(argument: unknown): unknown {
  return argument && argument !== 'route' && argument !== 'router' ? argument : undefined;
}

/** Whether a layer is a handler of a route: only these have a `method`. */
export function isHandler(layer: ExpressLayer): boolean {
  return 'method' in layer;
}

/** Whether a route has a handler for the request: for HEAD, Express enters every route that matches the path. */
export function takes({ methods }: ExpressRoute, { method }: ExpressRequest): boolean {
  return method !== 'HEAD' || Boolean(methods._all || methods.head || methods.get);
}

export function typeOf(layer: ExpressLayer): ExpressLayerInfo['layerType'] {
  if (isHandler(layer)) return 'request_handler';
  const { handle } = layer;
  return Array.isArray(handle.stack) || handle.name === 'mounted_app' ? 'router' : 'middleware';
}
