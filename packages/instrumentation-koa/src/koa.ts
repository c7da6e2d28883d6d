import type { EventEmitter } from 'node:events';
import type { FrameworkResponse } from '@clew/core/plugin';

/** The parts of Koa 2 and 3 that the plugin uses. */
export interface KoaClass {
  new (): KoaApplication;
  readonly prototype: KoaApplication;
}

export interface KoaApplication extends EventEmitter {
  middleware: readonly Middleware[];
  readonly context: object;
}

/** The context of a request. Routers write to it what they have matched. */
export interface KoaContext {
  readonly path: string;
  readonly originalUrl: string;
  /** The response of `node:http`. */
  readonly res: FrameworkResponse;
  readonly body: unknown;
  readonly status: number;
  /** `false` where the application sends the response itself. */
  readonly respond?: boolean | undefined;
  /** The prefix that koa-mount removed from the path last. */
  readonly mountPath?: string;
  /** The layers of all routers that match the path, whatever the method. */
  readonly matched?: readonly RouterLayer[];
}

export type Next = () => Promise<unknown>;

export type Middleware = ((this: unknown, context: KoaContext, next: Next) => unknown) & {
  /** The router, on the result of its `routes()`. */
  readonly router?: object;
  /** The name of a generator function that Koa 2 has converted. */
  readonly _name?: string;
};

/** A route or, without methods, middleware of a router. */
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
