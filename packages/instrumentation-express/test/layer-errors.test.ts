import { once } from 'node:events';
import { recordSpans } from '@clew/testing';
import { SpanStatusCode } from '@opentelemetry/api';
import type { Express, NextFunction, Request, RequestHandler, Response } from 'express';
import { ok } from './handlers.ts';
import { later, named, traceOne, tree } from './layer-spans.ts';
import { expresses } from './traced.ts';

const recorder = recordSpans();

beforeAll(() => jest.spyOn(console, 'error').mockImplementation(() => {}));
afterAll(() => jest.restoreAllMocks());

describe.each(expresses)('errors in layers of %s', (_name, express) => {
  test('an error is recorded only on the layer where it occurred', async () => {
    const traced = await traceOne(
      recorder,
      express,
      { layers: 'all' },
      (app) => {
        const router = express.Router();
        router.get('/', (_request, _response, next) => next(new RangeError('too far')));
        app.use('/shop', router);
        app.use(function passesOn(
          error: unknown,
          _request: Request,
          _response: Response,
          next: NextFunction,
        ) {
          next(error);
        });
        app.use(function responds(
          _error: unknown,
          _request: Request,
          response: Response,
          _next: NextFunction,
        ) {
          response.status(500).send('sorry');
        });
      },
      '/shop',
    );
    const failed = traced.layers.filter(({ status }) => status.code === SpanStatusCode.ERROR);
    expect(failed.map(({ name }) => name)).toEqual(['request handler - /shop']);
    expect(traced.layers.map(({ name }) => name).slice(-2)).toEqual([
      'middleware - passesOn',
      'middleware - responds',
    ]);
  });

  test('an error handler has no span if the request has no error', async () => {
    const traced = await traceOne(
      recorder,
      express,
      { layers: 'all' },
      (app) => {
        app.use((_error: unknown, _request: Request, _response: Response, next: NextFunction) => next());
        app.get('/', ok);
      },
      '/',
    );
    expect(tree(traced)).toEqual(['GET / > request handler - /']);
  });

  test('a thrown error is recorded on the layer', async () => {
    const thrower: RequestHandler = () => {
      throw new TypeError('thrown');
    };
    const traced = await traceOne(recorder, express, { layers: 'all' }, (app) => app.get('/', thrower), '/');
    expect(named(traced, 'request handler - /').attributes['error.type']).toBe('TypeError');
  });
});

describe('a handler of express 5 that responds before its promise settles', () => {
  const serve = async (afterResponse: () => unknown) => {
    const [, [, express]] = expresses as [unknown, (typeof expresses)[0]];
    const build = (app: Express) => {
      // Express logs nothing here.
      app.set('env', 'test');
      app.get('/', async (_request, response) => {
        response.send('ok');
        await once(response, 'close');
        await later();
        return afterResponse();
      });
    };
    return traceOne(recorder, express, { layers: 'all' }, build, '/');
  };

  test('has a span that lasts until then', async () => {
    const traced = await serve(() => {});
    const handler = named(traced, 'request handler - /');
    expect(handler.endTimeMs).toBeGreaterThan(traced.server.endTimeMs);
    expect(handler.status.code).toBe(SpanStatusCode.UNSET);
  });

  test('has the error of the rejection on its span', async () => {
    const traced = await serve(() => {
      throw new TypeError('after the response');
    });
    expect(named(traced, 'request handler - /').attributes['error.type']).toBe('TypeError');
    expect(traced.server.status.code).toBe(SpanStatusCode.UNSET);
  });
});
