import type { IncomingMessage, ServerResponse } from 'node:http';

/** What the plugin sees of Express 4 and 5: the routers of both have the same shape. */
export interface ExpressModule {
  readonly Router: (() => ExpressRouter) & { readonly prototype: object };
}

export interface ExpressRouter {
  readonly stack: readonly ExpressLayer[];
  use(handler: () => void): unknown;
}

/** An entry of a router's stack, or of a route's. */
export interface ExpressLayer {
  readonly name: string;
  readonly handle: ((this: unknown, ...args: never[]) => unknown) & { readonly stack?: unknown };
  /** Only there on a layer that is a route. */
  readonly route?: ExpressRoute | undefined;
  match(path: string): unknown;
}

export interface ExpressRoute {
  readonly path: Path;
  readonly stack: readonly ExpressLayer[];
  /** The methods with a handler, in lower case; `_all` for `route.all()`. */
  readonly methods: Readonly<Record<string, boolean | undefined>>;
}

/** A request on its way through routers, each of which takes its mount's part off the URL. */
export interface ExpressRequest extends IncomingMessage {
  readonly baseUrl: string;
  readonly url: string;
  readonly route?: ExpressRoute;
  /** The innermost router's `next`. */
  next?: Next;
}

/** What a route or a mount may be given as its path. */
export type Path = string | RegExp | readonly Path[];

export type Next = (error?: unknown) => void;

export type Dispatch = (
  this: ExpressLayer,
  request: ExpressRequest,
  response: ServerResponse,
  next: Next,
) => unknown;

export type DispatchError = (
  this: ExpressLayer,
  error: unknown,
  request: ExpressRequest,
  response: ServerResponse,
  next: Next,
) => unknown;

export type Handle = (
  this: ExpressRouter,
  request: ExpressRequest,
  response: ServerResponse,
  out: Next,
) => unknown;

export type Register = (this: ExpressRouter, ...args: unknown[]) => unknown;

export interface LayerClass {
  new (path: Path, options: { readonly end: boolean }, handle: () => void): ExpressLayer;
  readonly prototype: object;
}

/** Whether `next` was called with an error: two words are signals to Express. */
export function isFailure(error: unknown): boolean {
  return Boolean(error) && error !== 'route' && error !== 'router';
}

/** Whether a layer is a handler inside a route; Express notes the method on these alone. */
export function isHandler(layer: ExpressLayer): boolean {
  return 'method' in layer;
}

/** Whether a route has a handler for the request: Express enters any route that matches the path of a HEAD. */
export function takes({ methods }: ExpressRoute, { method }: ExpressRequest): boolean {
  return method !== 'HEAD' || Boolean(methods._all || methods.head || methods.get);
}
