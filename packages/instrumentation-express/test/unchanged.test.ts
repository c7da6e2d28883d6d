import { AsyncLocalStorage } from 'node:async_hooks';
import { recordSpans } from '@clew/testing';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { ExpressInstrumentation } from '../src/index.ts';
import { traceOne } from './layer-spans.ts';
import { expresses } from './traced.ts';

const recorder = recordSpans();

beforeAll(() => jest.spyOn(console, 'error').mockImplementation(() => {}));
afterAll(() => jest.restoreAllMocks());

describe.each(expresses)('an application of %s with traced layers', (_name, express) => {
  test.each([{}, { layers: 'all' }])('gets a next() that is request.next (options %p)', async (options) => {
    const same: boolean[] = [];
    const look: RequestHandler = (request, _response, next) => {
      same.push(request.next === next);
      next();
    };
    const traced = await traceOne(
      recorder,
      express,
      options,
      (app) => {
        app.use(look);
        app.use('/m', look, express.Router().use(look), look);
        app.use((request, _response, next) => {
          same.push(request.next === next);
          request.next?.(new Error('by request.next'));
        });
        app.use((_error: unknown, request: Request, response: Response, next: NextFunction) => {
          same.push(request.next === next);
          response.status(500).send('failed');
        });
      },
      '/m/x',
    );
    expect(same).toEqual(same.map(() => true));
    expect(same).toHaveLength(6);
    expect(traced.server.attributes['error.type']).toBe('Error');
  });

  test('keeps the value of its own AsyncLocalStorage in all layers', async () => {
    const own = new AsyncLocalStorage<string>();
    const traced = await traceOne(
      recorder,
      express,
      { layers: 'all' },
      (app) => {
        app.use((_request, _response, next) => own.run('kept', next));
        app.get('/', (_request, response) => void response.send(own.getStore()));
      },
      '/',
    );
    expect(traced.response.body).toBe('kept');
  });

  test('finds its own handlers in the stack of a router', () => {
    const router = express.Router();
    const handler: RequestHandler = () => {};
    const instance = new ExpressInstrumentation({ layers: 'all' });
    instance.instrument(express);
    router.use(handler);
    instance.disable();
    expect(router.stack[0]?.handle).toBe(handler);
  });
});
