import { Readable } from 'node:stream';
import { CATCH_ALL, type Step, type StepControl, type StepHandler } from '@clew/testing';
import type Koa from 'koa';
import compose from 'koa-compose';
import mount from 'koa-mount';
import type { AnyRouter, AnyRouterClass, KoaModule } from './program.ts';

/** Builds a suite's steps with one of the Koas and one of the routers. */
export function buildSteps(
  Application: KoaModule,
  Router: AnyRouterClass,
  steps: readonly Step[],
  catchAll: string,
): Koa {
  const app = new Application();
  app.silent = true;
  for (const middleware of middlewaresOf(Router, steps, catchAll)) app.use(middleware);
  return app;
}

/** What handles errors in Koa is around the rest; routes in a row are of one router. */
function middlewaresOf(Router: AnyRouterClass, steps: readonly Step[], catchAll: string): Koa.Middleware[] {
  const around: Koa.Middleware[] = [];
  const inside: Koa.Middleware[] = [];
  let router: AnyRouter | undefined;
  for (const step of steps) {
    if (step.kind === 'route') {
      if (router === undefined) {
        router = new Router();
        inside.push(router.routes());
      }
      router.all(step.path === CATCH_ALL ? catchAll : step.path, ...step.handlers.map(handlerOf));
      continue;
    }
    router = undefined;
    if (step.kind === 'errorHandler') around.push(errorHandlerOf(step.handle));
    else if (step.kind === 'middleware') inside.push(handlerOf(step.handle));
    else if (step.path === undefined) inside.push(...middlewaresOf(Router, step.steps, catchAll));
    else inside.push(mount(step.path, compose(middlewaresOf(Router, step.steps, catchAll))));
  }
  return [...around, ...inside];
}

function handlerOf(handle: StepHandler): Koa.Middleware {
  return async (ctx, next) => {
    await handle(controlOf(ctx, next));
  };
}

function errorHandlerOf(handle: StepHandler): Koa.Middleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch {
      await handle(controlOf(ctx, next));
    }
  };
}

function controlOf(ctx: Koa.Context, next: Koa.Next): StepControl {
  return {
    respond: (status = 200) => {
      ctx.status = status;
      ctx.body = 'ok';
    },
    sendPart: () => {
      ctx.respond = false;
      ctx.res.statusCode = 200;
      ctx.res.write('part');
    },
    end: () => void ctx.res.end(),
    breakOff: (error) => {
      ctx.body = Readable.from(failingParts(ctx, error));
    },
    next,
  };
}

/** Koa 2 leaves the connection of a broken body open. */
async function* failingParts(ctx: Koa.Context, error: Error): AsyncGenerator<string> {
  yield 'part';
  setImmediate(() => setImmediate(() => ctx.res.destroy()));
  throw error;
}
