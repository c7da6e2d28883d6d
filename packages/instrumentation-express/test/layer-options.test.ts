import { recordSpans } from '@clew/testing';
import type { Express, Request } from 'express';
import { ExpressInstrumentation } from '../src/index.ts';
import { ok } from './handlers.ts';
import { named, traceOne, tree } from './layer-spans.ts';
import { expresses } from './traced.ts';

const recorder = recordSpans();

describe.each(expresses)('the options for layers of %s', (_name, express) => {
  test('layers are ignored by name and by type', async () => {
    const build = (app: Express) => {
      app.use(function plain(_request, _response, next) {
        next();
      });
      app.use('/shop', express.Router().get('/', ok));
    };
    const namesWith = async (options: object) => {
      const traced = await traceOne(recorder, express, { layers: 'all', ...options }, build, '/shop');
      expect(traced.server.name).toBe('GET /shop');
      return tree(traced).map((line) => line.split(' > ')[1]);
    };
    const [plain, router, handler] = ['middleware - plain', 'router - /shop', 'request handler - /shop'];
    expect(await namesWith({})).toEqual([plain, router, handler]);
    expect(await namesWith({ ignoreLayers: [plain, /^router/g] })).toEqual([handler]);
    expect(await namesWith({ ignoreLayers: [(name: string) => name === handler] })).toEqual([plain, router]);
    expect(await namesWith({ ignoreLayersType: ['router', 'request_handler'] })).toEqual([plain]);
  });

  test('hooks rename a span and add attributes to it', async () => {
    const traced = await traceOne(
      recorder,
      express,
      {
        layers: 'all',
        ignoreLayersType: ['middleware'],
        spanNameHook: ({ layerType }: { layerType: string }, name: string) => `${layerType}: ${name}`,
        requestHook: (
          span: { setAttribute(key: string, value: string): void },
          info: { request: Request; route: string },
        ) => span.setAttribute('seen', `${info.request.method} ${info.route}`),
      },
      (app) => app.get('/songs/:id', ok),
      '/songs/7',
    );
    const span = named(traced, 'request_handler: request handler - /songs/:id');
    expect(span.attributes.seen).toBe('GET /songs/:id');
  });

  test('a hook that throws changes neither the response nor the name of the span', async () => {
    const broken = () => {
      throw new Error('broken hook');
    };
    const traced = await traceOne(
      recorder,
      express,
      { layers: 'all', spanNameHook: broken, requestHook: broken },
      (app) => app.get('/', ok),
      '/',
    );
    expect(traced.response.body).toBe('ok');
    expect(named(traced, 'request handler - /').name).toBe('request handler - /');
  });
});

test('an invalid option throws an error that names it', () => {
  expect(() => new ExpressInstrumentation({ slowLayerMs: -1 })).toThrow(
    '@clew/instrumentation-express: expected slowLayerMs to be a number in [0, 3600000], got -1',
  );
});
