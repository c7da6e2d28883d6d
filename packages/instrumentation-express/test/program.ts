import type { FrameworkApplication, SuiteMiddleware, SuiteRoute } from '@clew/testing';
import { suiteRequest } from '@clew/testing';
import type { Express, RequestHandler, Router } from 'express';

export type ExpressModule = typeof import('express');

/** Builds a suite's program with one of the Expresses. */
export function build(express: ExpressModule, program: FrameworkApplication): Express {
  const app = express();
  // In other environments Express answers with the stack, where wrapped functions can be seen, and so it logs it.
  app.set('env', 'production');
  addTo(express, app as unknown as Router, program);
  return app;
}

function addTo(express: ExpressModule, router: Router, program: FrameworkApplication): void {
  for (const middleware of program.middlewares ?? []) router.use(middlewareOf(middleware));
  for (const route of program.routes ?? []) {
    router[route.method === 'GET' ? 'get' : 'post'](route.path, handlerOf(route));
  }
  for (const mount of program.mounts ?? []) {
    const mounted = express.Router();
    addTo(express, mounted, mount);
    router.use(mount.path, mounted);
  }
}

/** Express 4 knows no promises: a rejection is handed to `next`, as its users do. */
function middlewareOf({ name, run }: SuiteMiddleware): RequestHandler {
  const handler: RequestHandler = async (_request, _response, next) => {
    try {
      await run();
    } catch (error) {
      next(error);
      return;
    }
    next();
  };
  return Object.defineProperty(handler, 'name', { value: name });
}

function handlerOf({ handle }: SuiteRoute): RequestHandler {
  return async (request, response, next) => {
    try {
      const params = request.params as Record<string, string>;
      const { status = 200, headers = {}, body = '' } = await handle(suiteRequest(request, params));
      response.status(status).set(headers).send(body);
    } catch (error) {
      next(error);
    }
  };
}
