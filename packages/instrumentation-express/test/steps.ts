import { CATCH_ALL, type Step, type StepControl, type StepHandler } from '@clew/testing';
import type { ErrorRequestHandler, Express, NextFunction, Request, RequestHandler, Response } from 'express';
import type { ExpressModule } from './program.ts';

/** Builds a suite's steps with one of the Expresses. */
export function buildSteps(express: ExpressModule, steps: readonly Step[], catchAll: string): Express {
  const app = express();
  app.set('env', 'production');
  const add = (to: Pick<Express, 'use' | 'all'>, each: readonly Step[]) => {
    for (const step of each) {
      if (step.kind === 'middleware') to.use(handlerOf(step.handle));
      else if (step.kind === 'errorHandler') to.use(errorHandlerOf(step.handle));
      else if (step.kind === 'route')
        to.all(step.path === CATCH_ALL ? catchAll : step.path, ...step.handlers.map(handlerOf));
      else {
        const router = express.Router();
        add(router as unknown as Pick<Express, 'use' | 'all'>, step.steps);
        if (step.path === undefined) to.use(router);
        else to.use(step.path, router);
      }
    }
  };
  add(app, steps);
  return app;
}

function handlerOf(handle: StepHandler): RequestHandler {
  return async (_request, response, next) => {
    try {
      await handle(controlOf(response, next));
    } catch (error) {
      next(error);
    }
  };
}

/** Express knows these by their four parameters. */
function errorHandlerOf(handle: StepHandler): ErrorRequestHandler {
  return (_error: unknown, _request: Request, response: Response, next: NextFunction) =>
    void handle(controlOf(response, next));
}

function controlOf(response: Response, next: NextFunction): StepControl {
  return {
    respond: (status = 200) => void response.status(status).send('ok'),
    sendPart: () => void response.write('part'),
    end: () => void response.end(),
    breakOff: (error) => {
      response.write('part');
      next(error);
    },
    next: () => next(),
  };
}
