import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { type RecordedSpan, recordSpans } from '@clew/testing';
import { trace as api, SpanStatusCode } from '@opentelemetry/api';
import type { Express, NextFunction, Request, RequestHandler, Response } from 'express';
import { ExpressInstrumentation } from '../src/index.ts';
import { expresses, type Trace, trace } from './traced.ts';

const recorder = recordSpans();
const answer: RequestHandler = (_request, response) => {
  response.send('ok');
};
const later = () => new Promise((resolve) => setTimeout(resolve, 2));
const work = (name: string) => api.getTracer('test').startSpan(name).end();

beforeAll(() => jest.spyOn(console, 'error').mockImplementation(() => {}));
afterAll(() => jest.restoreAllMocks());

/** `parent > child` of each span that is no layer of Express itself, in the order of their starts. */
function tree({ server, layers }: Trace): string[] {
  const spans = [server, ...layers];
  const nameOf = (id: string | undefined) => spans.find(({ spanId }) => spanId === id)?.name;
  return layers
    .filter(({ name }) => !/ - (query|expressInit)$/.test(name))
    .map(({ parentSpanId, name }) => `${nameOf(parentSpanId)} > ${name}`);
}

function only(traces: readonly Trace[]): Trace {
  const [traced] = traces;
  if (traced === undefined) throw new Error('no trace');
  return traced;
}

function named({ layers }: Trace, name: string): RecordedSpan {
  const found = layers.find((layer) => layer.name === name);
  if (found === undefined) throw new Error(`no ${name} in ${layers.map((layer) => layer.name)}`);
  return found;
}

describe.each(expresses)('layers of %s', (_name, express) => {
  const traceOne = async (options: object, program: (app: Express) => void, target: string) =>
    only(await trace(recorder, express, options, program, target));

  test('what follows next() is beside a middleware, what is in a router is inside it', async () => {
    const traced = await traceOne(
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

  test('a program in a program is a router', async () => {
    const inner = express();
    inner.get('/songs', answer);
    const traced = await traceOne({ layers: 'all' }, (app) => app.use('/v1', inner), '/v1/songs');
    expect(named(traced, 'router - /v1').attributes['express.type']).toBe('router');
  });

  test('a middleware that calls next ends there, one that does not with the answer', async () => {
    const traced = await traceOne(
      { layers: 'all' },
      (app) => {
        app.use(async function waits(_request: Request, _response: Response, next: NextFunction) {
          next();
        });
        app.use(function answers(_request: Request, response: Response) {
          setTimeout(() => response.send('late'), 5);
        });
      },
      '/',
    );
    const [waits, answers] = [named(traced, 'middleware - waits'), named(traced, 'middleware - answers')];
    expect(waits.endTimeMs).toBeLessThanOrEqual(answers.startTimeMs + 1);
    expect(answers.endTimeMs).toBeLessThanOrEqual(traced.server.endTimeMs);
  });

  test('however many layers wait for it, the answer has one listener more', async () => {
    const counts: number[] = [];
    const program = (app: Express) => {
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
      await trace(recorder, express, { layers: layers as 'none' }, program, '/');
    expect(counts[1]).toBe((counts[0] ?? 0) + 1);
  });

  test('a client that goes away ends the layers', async () => {
    const traced = await traceOne(
      { layers: 'all' },
      (app) => app.use((_request, response) => void response.destroy()),
      '/',
    );
    expect(tree(traced)).toEqual(['GET > middleware - <anonymous>']);
  });

  test('an error is on the layer where it arose, and on no other', async () => {
    const traced = await traceOne(
      { layers: 'all' },
      (app) => {
        const router = express.Router();
        router.get('/', (_request, _response, next) => next(new RangeError('too far')));
        app.use('/shop', router);
        app.use(function notMine(error: unknown, _request: Request, _response: Response, next: NextFunction) {
          next(error);
        });
        app.use(function mine(_error: unknown, _request: Request, response: Response, _next: NextFunction) {
          response.status(500).send('sorry');
        });
      },
      '/shop',
    );
    const failed = traced.layers.filter(({ status }) => status.code === SpanStatusCode.ERROR);
    expect(failed.map(({ name }) => name)).toEqual(['request handler - /shop']);
    expect(traced.layers.map(({ name }) => name).slice(-2)).toEqual([
      'middleware - notMine',
      'middleware - mine',
    ]);
  });

  test('an error handler is no layer of a request without an error', async () => {
    const traced = await traceOne(
      { layers: 'all' },
      (app) => {
        app.use((_error: unknown, _request: Request, _response: Response, next: NextFunction) => next());
        app.get('/', answer);
      },
      '/',
    );
    expect(tree(traced)).toEqual(['GET / > request handler - /']);
  });

  test('a thrown error is on the layer', async () => {
    const thrower: RequestHandler = () => {
      throw new TypeError('thrown');
    };
    const traced = await traceOne({ layers: 'all' }, (app) => app.get('/', thrower), '/');
    expect(named(traced, 'request handler - /').attributes['error.type']).toBe('TypeError');
  });

  test('layers are left out by name and by type', async () => {
    const program = (app: Express) => {
      app.use(function plain(_request, _response, next) {
        next();
      });
      app.use('/shop', express.Router().get('/', answer));
    };
    const namesWith = async (options: object) => {
      const traced = await traceOne({ layers: 'all', ...options }, program, '/shop');
      expect(traced.server.name).toBe('GET /shop');
      return tree(traced).map((line) => line.split(' > ')[1]);
    };
    const [plain, router, handler] = ['middleware - plain', 'router - /shop', 'request handler - /shop'];
    expect(await namesWith({})).toEqual([plain, router, handler]);
    expect(await namesWith({ ignoreLayers: [plain, /^router/g] })).toEqual([handler]);
    expect(await namesWith({ ignoreLayers: [(name: string) => name === handler] })).toEqual([plain, router]);
    expect(await namesWith({ ignoreLayersType: ['router', 'request_handler'] })).toEqual([plain]);
  });

  test('hooks name a span and add to it', async () => {
    const traced = await traceOne(
      {
        layers: 'all',
        ignoreLayersType: ['middleware'],
        spanNameHook: ({ layerType }: { layerType: string }, name: string) => `${layerType}: ${name}`,
        requestHook: (
          span: { setAttribute(key: string, value: string): void },
          info: { request: Request; route: string },
        ) => span.setAttribute('seen', `${info.request.method} ${info.route}`),
      },
      (app) => app.get('/songs/:id', answer),
      '/songs/7',
    );
    const span = named(traced, 'request_handler: request handler - /songs/:id');
    expect(span.attributes.seen).toBe('GET /songs/:id');
  });

  test.each([{}, { layers: 'all' }])('next is the one in request.next, %p', async (options) => {
    const same: boolean[] = [];
    const look: RequestHandler = (request, _response, next) => {
      same.push(request.next === next);
      next();
    };
    const traced = await traceOne(
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

  test('a hook that throws harms nothing', async () => {
    const broken = () => {
      throw new Error('broken hook');
    };
    const traced = await traceOne(
      { layers: 'all', spanNameHook: broken, requestHook: broken },
      (app) => app.get('/', answer),
      '/',
    );
    expect(traced.answer.body).toBe('ok');
    expect(named(traced, 'request handler - /').name).toBe('request handler - /');
  });

  test("a program's own AsyncLocalStorage goes through the layers", async () => {
    const own = new AsyncLocalStorage<string>();
    const traced = await traceOne(
      { layers: 'all' },
      (app) => {
        app.use((_request, _response, next) => own.run('kept', next));
        app.get('/', (_request, response) => void response.send(own.getStore()));
      },
      '/',
    );
    expect(traced.answer.body).toBe('kept');
  });

  test('a stack of layers is what the program has put there', () => {
    const router = express.Router();
    const handler: RequestHandler = () => {};
    const instance = new ExpressInstrumentation({ layers: 'all' });
    instance.instrument(express);
    router.use(handler);
    instance.disable();
    expect(router.stack[0]?.handle).toBe(handler);
  });
});

describe('a handler of express 5 that responds before its promise settles', () => {
  const serve = async (afterResponse: () => unknown) => {
    const [, [, express]] = expresses as [unknown, (typeof expresses)[0]];
    const program = (app: Express) => {
      // Express logs nothing here.
      app.set('env', 'test');
      app.get('/', async (_request, response) => {
        response.send('ok');
        await once(response, 'close');
        await later();
        return afterResponse();
      });
    };
    return only(await trace(recorder, express, { layers: 'all' }, program, '/'));
  };

  test('lasts until then', async () => {
    const traced = await serve(() => {});
    const handler = named(traced, 'request handler - /');
    expect(handler.endTimeMs).toBeGreaterThan(traced.server.endTimeMs);
    expect(handler.status.code).toBe(SpanStatusCode.UNSET);
  });

  test('has the error of a rejection', async () => {
    const traced = await serve(() => {
      throw new TypeError('after the response');
    });
    expect(named(traced, 'request handler - /').attributes['error.type']).toBe('TypeError');
    expect(traced.server.status.code).toBe(SpanStatusCode.UNSET);
  });
});

test('a wrong option is an error that names it', () => {
  expect(() => new ExpressInstrumentation({ slowLayerMs: -1 })).toThrow(
    '@clew/instrumentation-express: expected slowLayerMs to be a number in [0, 3600000], got -1',
  );
});
