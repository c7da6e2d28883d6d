import { recordSpans } from '@clew/testing';
import { trace as api } from '@opentelemetry/api';
import type Koa from 'koa';
import mount from 'koa-mount';
import { KoaInstrumentation } from '../src/index.ts';
import { frameworks } from './frameworks.ts';
import type { AnyRouterClass } from './program.ts';
import { later, ok, serving, tree } from './traced.ts';

const recorder = recordSpans();

describe.each(frameworks)('layers of %s', (_name, Application, Router) => {
  const serve = serving(recorder, Application);

  test('are nested, and the same middleware used twice has two spans', () =>
    serve(
      { layers: 'all' },
      (app) => {
        const twice: Koa.Middleware = async function twice(_ctx, next) {
          await later();
          await next();
          api.getTracer('test').startSpan('after next').end();
        };
        const router = new Router();
        router.use(function guard(_ctx: unknown, next: () => Promise<void>) {
          return next();
        });
        app.use(twice).use(twice).use(router.routes());
        router.get('/songs/:id', (_ctx, next) => next(), ok);
      },
      async ({ get }) => {
        const traced = await get('/songs/7');
        expect(tree(traced)).toEqual([
          'GET /songs/:id > middleware - twice',
          'middleware - twice > middleware - twice',
          'middleware - twice > middleware - guard',
          'middleware - guard > router - /songs/:id',
          'router - /songs/:id > router - /songs/:id',
          'middleware - twice > after next',
          'middleware - twice > after next',
        ]);
        expect(traced.layers[3]?.attributes).toEqual({
          'koa.name': '/songs/:id',
          'koa.type': 'router',
          'http.route': '/songs/:id',
        });
      },
    ));

  test('are traced for routes that are added while the application serves', () => {
    const router = new Router();
    return serve(
      { layers: 'all' },
      (app) => app.use(router.routes()),
      async ({ get }) => {
        expect((await get('/late')).layers).toEqual([]);
        router.get('/late', ok);
        expect(tree(await get('/late'))).toEqual(['GET /late > router - /late']);
      },
    );
  });

  test('are traced for handlers that are added to a route, or replaced, while the application serves', () => {
    const router = new Router() as InstanceType<AnyRouterClass> & { stack: { stack: unknown[] }[] };
    router.get('/', (_ctx, next) => next());
    return serve(
      { layers: 'all' },
      (app) => app.use(router.routes()),
      async ({ get }) => {
        expect(tree(await get('/'))).toEqual(['GET > router - /']);
        router.stack[0]?.stack.push(ok);
        expect(tree(await get('/'))).toEqual(['GET / > router - /', 'router - / > router - /']);
        router.stack[0]?.stack.splice(1, 1, (ctx: Koa.Context) => {
          ctx.body = 'another';
        });
        expect((await get('/')).response.body).toBe('another');
      },
    );
  });

  test('are traced in a mounted router if the module of the router is instrumented', () =>
    serve(
      { layers: 'all', ignoreLayersType: ['middleware'] },
      (app, instance) => {
        instance.instrument(Router, '@koa/router');
        const router = new Router();
        router.get('/songs/:id', ok);
        app.use(mount('/api', router.routes()));
      },
      async ({ get }) =>
        expect(tree(await get('/api/songs/7'))).toEqual(['GET /api/songs/:id > router - /api/songs/:id']),
    ));

  test('have the attributes that a hook sets, even if it then throws', () =>
    serve(
      {
        layers: 'all',
        requestHook: (span, { context, layerType, middlewareLayer }) => {
          span.setAttribute('seen', `${layerType} ${middlewareLayer.name} ${context.path}`);
          throw new Error('broken hook');
        },
      },
      (app) => app.use(ok),
      async ({ get }) => {
        const { response, layers } = await get('/x');
        expect(response.body).toBe('ok');
        expect(layers[0]?.attributes.seen).toBe('middleware ok /x');
      },
    ));

  test('have no spans after disable(), and have them again after enable()', () =>
    serve(
      { layers: 'all' },
      (app) => {
        const router = new Router();
        router.get('/', ok);
        app.use(function first(_ctx, next) {
          return next();
        });
        app.use(router.routes());
      },
      async ({ get, instance }) => {
        const counts: number[] = [];
        for (const turn of [() => {}, () => instance.disable(), () => instance.enable()]) {
          turn();
          counts.push((await get('/')).layers.length);
        }
        expect(counts).toEqual([2, 0, 2]);
      },
    ));
});

test('an invalid option throws an error that names it', () => {
  expect(() => new KoaInstrumentation({ layers: 'some' as 'all' })).toThrow(
    '@clew/instrumentation-koa: expected layers to be "none" | "slow" | "all", got "some"',
  );
});
