import { type FrameworkApplication, type SuiteMiddleware, suiteRequest } from '@clew/testing';
import type Koa from 'koa';

export type KoaModule = typeof Koa;

/** What the routers have in common, over all their versions. */
export interface AnyRouter {
  get(path: string | RegExp, ...handlers: Koa.Middleware[]): unknown;
  post(path: string | RegExp, ...handlers: Koa.Middleware[]): unknown;
  all(path: string | RegExp, ...handlers: Koa.Middleware[]): unknown;
  use(...args: unknown[]): unknown;
  routes(): Koa.Middleware;
}

export type AnyRouterClass = new (options?: { prefix: string }) => AnyRouter;

/** Builds a suite's program with one of the Koas and one of the routers. */
export function build(Application: KoaModule, Router: AnyRouterClass, program: FrameworkApplication): Koa {
  const app = new Application();
  app.silent = true;
  for (const middleware of program.middlewares ?? []) app.use(middlewareOf(middleware));
  app.use(routerOf(Router, program).routes());
  return app;
}

function routerOf(Router: AnyRouterClass, program: FrameworkApplication): AnyRouter {
  const router = new Router();
  for (const { method, path, handle } of program.routes ?? []) {
    router[method === 'GET' ? 'get' : 'post'](path, async (context) => {
      const {
        status = 200,
        headers = {},
        body = '',
      } = await handle(suiteRequest(context.req, context.params as Record<string, string>));
      context.status = status;
      context.set({ ...headers });
      context.body = body;
    });
  }
  for (const mount of program.mounts ?? []) router.use(mount.path, routerOf(Router, mount).routes());
  return router;
}

function middlewareOf({ name, run }: SuiteMiddleware): Koa.Middleware {
  const middleware: Koa.Middleware = async (_context, next) => {
    await run();
    await next();
  };
  return Object.defineProperty(middleware, 'name', { value: name });
}
