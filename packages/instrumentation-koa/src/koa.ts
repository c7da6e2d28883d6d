import type { EventEmitter } from 'node:events';
import type { FrameworkResponse } from '@clew/core/plugin';

/** What the plugin sees of Koa 2 and 3. */
export interface KoaClass {
  new (): KoaApplication;
  readonly prototype: KoaApplication;
}

export interface KoaApplication extends EventEmitter {
  middleware: readonly Middleware[];
  readonly context: object;
}

/** What the plugin sees of a request's context; routers write what they have matched on it. */
export interface KoaContext {
  readonly path: string;
  readonly originalUrl: string;
  /** The response of `node:http`. */
  readonly res: FrameworkResponse;
  readonly body: unknown;
  readonly status: number;
  /** `false` where the application sends the response itself. */
  readonly respond?: boolean | undefined;
  /** What koa-mount has taken off the path last. */
  readonly mountPath?: string;
  /** The layers of all routers that match the path, whatever the method. */
  readonly matched?: readonly RouterLayer[];
}

export type Next = () => Promise<unknown>;

export type Middleware = ((this: unknown, context: KoaContext, next: Next) => unknown) & {
  /** The router, on what its `routes()` gives. */
  readonly router?: object;
  /** The name of a generator function that Koa 2 has converted. */
  readonly _name?: string;
};

/** What a router is given: a route, or, without methods, middleware. */
export interface RouterLayer {
  readonly path: string | RegExp;
  readonly methods: readonly string[];
  readonly stack: readonly Middleware[];
}

export interface RouterMatch {
  readonly pathAndMethod: RouterLayer[];
}

export type RouterModule = { readonly Router?: RouterClass } & RouterClass;

interface RouterClass {
  readonly prototype: object;
}
