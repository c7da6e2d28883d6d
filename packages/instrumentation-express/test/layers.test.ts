import { recordSpans } from '@clew/testing';
import { trace as api } from '@opentelemetry/api';
import type { Express, NextFunction, Request, Response } from 'express';
import { ok } from './handlers.ts';
import { later, named, traceOne, tree } from './layer-spans.ts';
import { expresses, trace } from './traced.ts';

const recorder = recordSpans();

const work = (name: string) => api.getTracer('test').startSpan(name).end();

describe.each(expresses)('layers of %s', (_name, express) => {
  test('later layers are siblings of a middleware that calls next(), the layers of a router are its children', async () => {
    const traced = await traceOne(
      recorder,
      express,
      { layers: 'all' },
      (app) => {
        app.use(
          function first(_request: Request, _response: Response, next: NextFunction) {
            work('in first');
            next();
          },
          async function second(_request: Request, _response: Response, next: NextFunction) {
            await later();
            work('in second');
            next();
          },
        );
        const router = express.Router();
        router.use(function third(_request, _response, next) {
          next();
        });
        router.get(
          '/songs/:id',
          (_request, _response, next) => {
            work('in the guard');
            next();
          },
          async (_request, response) => {
            await later();
            work('in the handler');
            response.send('ok');
          },
        );
        app.use('/shop', router);
      },
      '/shop/songs/1',
    );
    expect(tree(traced)).toEqual([
      'GET /shop/songs/:id > middleware - first',
      'middleware - first > in first',
      'GET /shop/songs/:id > middleware - second',
      'middleware - second > in second',
      'GET /shop/songs/:id > router - /shop',
      'router - /shop > middleware - third',
      'router - /shop > request handler - /shop/songs/:id',
      'request handler - /shop/songs/:id > in the guard',
      'router - /shop > request handler - /shop/songs/:id',
      'request handler - /shop/songs/:id > in the handler',
    ]);
    expect(named(traced, 'request handler - /shop/songs/:id').attributes).toEqual({
      'express.name': '/shop/songs/:id',
      'express.type': 'request_handler',
      'http.route': '/shop/songs/:id',
    });
  });

  test('an application in an application is a router', async () => {
    const inner = express();
    inner.get('/songs', ok);
    const traced = await traceOne(
      recorder,
      express,
      { layers: 'all' },
      (app) => app.use('/v1', inner),
      '/v1/songs',
    );
    expect(named(traced, 'router - /v1').attributes['express.type']).toBe('router');
  });

  test('a middleware ends when it calls next(), or else with the response', async () => {
    let respondedAtMs = 0;
    const traced = await traceOne(
      recorder,
      express,
      { layers: 'all' },
      (app) => {
        app.use(async function waits(_request: Request, _response: Response, next: NextFunction) {
          next();
        });
        app.use(function responds(_request: Request, response: Response) {
          setTimeout(() => {
            respondedAtMs = performance.timeOrigin + performance.now();
            response.send('late');
          }, 5);
        });
      },
      '/',
    );
    const [waits, responds] = [named(traced, 'middleware - waits'), named(traced, 'middleware - responds')];
    expect(waits.endTimeMs).toBeLessThanOrEqual(respondedAtMs);
    expect(responds.endTimeMs).toBeLessThanOrEqual(traced.server.endTimeMs);
  });

  test('the response has one more listener, however many layers wait for it', async () => {
    const counts: number[] = [];
    const build = (app: Express) => {
      for (let depth = 0; depth < 20; depth++) {
        app.use(express.Router().use((_request, _response, next) => setImmediate(next)));
      }
      app.use(async (_request, response) => {
        await later();
        counts.push(response.listenerCount('close'));
        response.send('ok');
      });
    };
    for (const layers of ['none', 'all'])
      await trace(recorder, express, { layers: layers as 'none' }, build, '/');
    expect(counts[1]).toBe((counts[0] ?? 0) + 1);
  });

  test('a connection that is closed without a response ends the layers', async () => {
    const traced = await traceOne(
      recorder,
      express,
      { layers: 'all' },
      (app) => app.use((_request, response) => void response.destroy()),
      '/',
    );
    expect(tree(traced)).toEqual(['GET > middleware - <anonymous>']);
  });
});
