import { AsyncLocalStorage } from 'node:async_hooks';
import { rootContext } from '@clew/core';
import { recordSpans } from '@clew/testing';
import { context, createContextKey, trace as traceApi } from '@opentelemetry/api';
import type { Express, NextFunction, Request, Response } from 'express';
import { expresses, trace } from './traced.ts';

const recorder = recordSpans();
const LANGUAGE = createContextKey('language');

const currentSpanId = () => traceApi.getSpanContext(context.active())?.spanId;

describe.each(expresses)('the context after a layer of %s', (_name, express) => {
  const first = (_request: Request, _response: Response, next: NextFunction) => next();

  async function seen(build: (app: Express, note: () => void) => void, target = '/', options = {}) {
    const ids: (string | undefined)[] = [];
    const app = (made: Express) => build(made, () => ids.push(currentSpanId()));
    const [traced] = await trace(recorder, express, { layers: 'all', ...options }, app, target);
    const names = [traced!.server, ...traced!.layers];
    return {
      traced: traced!,
      names: ids.map((id) => names.find(({ spanId }) => spanId === id)?.name),
    };
  }

  test('a layer without a span runs in the context around the layers', async () => {
    const { names } = await seen(
      (app, note) => {
        app.use(first);
        app.use(function ignored(_request: Request, _response: Response, next: NextFunction) {
          note();
          next();
        });
        app.get('/', (_request, response) => {
          note();
          response.send('ok');
        });
      },
      '/',
      { ignoreLayers: ['middleware - ignored'] },
    );
    expect(names).toEqual(['GET /', 'request handler - /']);
  });

  test('a parameter callback runs in the context around the layers', async () => {
    const { names } = await seen((app, note) => {
      app.use(first);
      app.param('id', (_request, _response, next) => {
        note();
        next();
      });
      app.get('/songs/:id', (_request, response) => {
        note();
        response.send('ok');
      });
    }, '/songs/7');
    expect(names).toEqual(['GET /songs/:id', 'request handler - /songs/:id']);
  });

  test('a callback that the application passes to a router runs in the context of the layer that called the router', async () => {
    const router = express.Router();
    router.use(first);
    const { names } = await seen((app, note) => {
      app.use(function outer(request: Request, response: Response) {
        router(request, response, () => {
          note();
          response.send('ok');
        });
      });
    });
    expect(names).toEqual(['middleware - outer']);
  });

  test('a layer continues in its own context after next()', async () => {
    const { names } = await seen((app, note) => {
      app.use(async function around(_request: Request, _response: Response, next: NextFunction) {
        next();
        note();
        await undefined;
        note();
      });
      app.get('/', (_request, response) => void response.send('ok'));
    });
    expect(names).toEqual(['middleware - around', 'middleware - around']);
  });

  test('layers are siblings, even if there are more than Express calls in one turn of the event loop', async () => {
    const { traced } = await seen((app) => {
      for (let count = 0; count < 150; count++) app.use(first);
      app.get('/', (_request, response) => void response.send('ok'));
    });
    expect(traced.layers.length).toBeGreaterThan(150);
    expect(new Set(traced.layers.map(({ parentSpanId }) => parentSpanId))).toEqual(
      new Set([traced.server.spanId]),
    );
  });

  test('later layers see the values that a layer sets in the context, but not its span', async () => {
    const languages: unknown[] = [];
    const own = new AsyncLocalStorage<string>();
    const { traced } = await seen((app) => {
      app.use(function language(_request: Request, _response: Response, next: NextFunction) {
        own.run('mine', () => context.with(context.active().setValue(LANGUAGE, 'cy'), next));
      });
      app.use(first);
      app.get('/', (_request, response) => {
        languages.push(context.active().getValue(LANGUAGE), own.getStore());
        response.send('ok');
      });
    });
    expect(languages).toEqual(['cy', 'mine']);
    expect(traced.layers.map(({ parentSpanId }) => parentSpanId)).toEqual(
      traced.layers.map(() => traced.server.spanId),
    );
  });

  test('the context is restored if a layer loses it', async () => {
    const { names } = await seen((app, note) => {
      app.use(function loses(_request: Request, _response: Response, next: NextFunction) {
        context.with(rootContext, next);
      });
      app.get('/', (_request, response) => {
        note();
        response.send('ok');
      });
    });
    expect(names).toEqual(['request handler - /']);
  });
});
