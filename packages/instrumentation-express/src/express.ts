import type { IncomingMessage, ServerResponse } from 'node:http';

/** The parts of Express 4 and 5 that the plugin uses; their routers have the same shape. */
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
  /** Set only on the layer of a route. */
  readonly route?: ExpressRoute | undefined;
  match(path: string): unknown;
}

export interface ExpressRoute {
  readonly path: Path;
  readonly stack: readonly ExpressLayer[];
  /** The methods with a handler, in lower case; `_all` for `route.all()`. */
  readonly methods: Readonly<Record<string, boolean | undefined>>;
}

/** A request inside routers. Each router removes its mount's part from the URL. */
export interface ExpressRequest extends IncomingMessage {
  readonly baseUrl: string;
  readonly url: string;
  readonly route?: ExpressRoute;
  /** The innermost router's `next`. */
  next?: Next;
}

/** The path of a route or a mount. */
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

/** Whether the argument of `next` is an error: two words are signals to Express. */
export function isFailure(error: unknown): boolean {
  return Boolean(error) && error !== 'route' && error !== 'router';
}

/** Whether a layer is a handler of a route: only these have a `method`. */
export function isHandler(layer: ExpressLayer): boolean {
  return 'method' in layer;
}

/** Whether a route has a handler for the request: for HEAD, Express enters every route that matches the path. */
export function takes({ methods }: ExpressRoute, { method }: ExpressRequest): boolean {
  return method !== 'HEAD' || Boolean(methods._all || methods.head || methods.get);
}
