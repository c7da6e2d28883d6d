import { recordSpans } from '@clew/testing';
import * as routerModule from '@koa/router';
import { trace as api, SpanStatusCode } from '@opentelemetry/api';
import type Koa from 'koa';
import koa3 from 'koa';
import compose from 'koa-compose';
import mount from 'koa-mount';
import koaRouter from 'koa-router';
import router10 from 'koa-router10';
import router12 from 'koa-router12';
import router13 from 'koa-router13';
import koa2 from 'koa2';
import { KoaInstrumentation } from '../src/index.ts';
import type { AnyRouterClass, KoaModule } from './program.ts';
import { serveTraced, type Trace, type Traced } from './traced.ts';

const recorder = recordSpans();
const frameworks: [name: string, Koa: KoaModule, Router: AnyRouterClass][] = [
  ['koa 3, @koa/router 15', koa3, routerModule.Router as unknown as AnyRouterClass],
  ['koa 3, @koa/router 13', koa3, router13],
  ['koa 2, @koa/router 12', koa2, router12],
  ['koa 2, @koa/router 10', koa2, router10],
  ['koa 2, koa-router 12', koa2, koaRouter],
];
const ok: Koa.Middleware = (ctx) => {
  ctx.body = 'ok';
};
const later = () => new Promise((resolve) => setTimeout(resolve, 2));

/** `parent > child` of each span, in the order of their starts. */
function tree({ server, layers }: Trace): string[] {
  const nameOf = (id: string | undefined) => [server, ...layers].find(({ spanId }) => spanId === id)?.name;
  return layers.map(({ parentSpanId, name }) => `${nameOf(parentSpanId)} > ${name}`);
}

describe.each(frameworks)('%s', (_name, Application, Router) => {
  const serve = (
    options: ConstructorParameters<typeof KoaInstrumentation>[0],
    program: (app: Koa, instance: KoaInstrumentation) => void,
    work: (traced: Traced) => Promise<void>,
  ) => serveTraced(recorder, Application, options, program, work);

  const expectRoutes = (
    program: (app: Koa) => void,
    routes: Readonly<Record<string, string | undefined>>,
  ): Promise<void> =>
    serve({}, program, async ({ get }) => {
      const found: Record<string, unknown> = {};
      for (const target of Object.keys(routes))
        found[target] = (await get(target)).server.attributes['http.route'];
      expect(found).toEqual(routes);
    });

  test('the route has the prefixes of all routers', () =>
    expectRoutes(
      (app) => {
        const songs = new Router({ prefix: '/songs' });
        songs.get('/:id', ok);
        const shop = new Router({ prefix: '/shop' });
        shop.use('/v1', songs.routes());
        app.use(shop.routes());
      },
      { '/shop/v1/songs/7': '/shop/v1/songs/:id', '/shop/v1': undefined },
    ));

  test('and what koa-mount has taken off, also twice and under compose', () =>
    expectRoutes(
      (app) => {
        const router = new Router();
        router.get('/songs/:id', ok);
        router.get('/', ok);
        const inner = new Application();
        inner.use(compose([router.routes()]));
        app.use(mount('/api', mount('/v1', inner)));
        app.use(mount('/plain', router.routes()));
        app.use(router.routes());
      },
      {
        '/api/v1/songs/7?x=/songs/7': '/api/v1/songs/:id',
        '/plain/songs/7': '/plain/songs/:id',
        '/plain': '/plain',
        '/songs/7': '/songs/:id',
        '/api/v1/none': undefined,
      },
    ));

  test('of two routes that match, the one that answers', () =>
    expectRoutes(
      (app) => {
        const router = new Router();
        router.get('/users/me', ok);
        router.get('/users/:id', ok);
        router.get('/files/:name', (_ctx, next) => next());
        router.get(/^\/files\/(.*)/, ok);
        app.use(router.routes());
      },
      { '/users/me': '/users/me', '/users/7': '/users/:id', '/files/a': '/^\\/files\\/(.*)/' },
    ));

  test('middleware of a router that answers leaves the route that it guards', () =>
    expectRoutes(
      (app) => {
        const router = new Router();
        router.use((ctx: Koa.Context) => {
          ctx.status = 401;
        });
        router.get('/songs/:id', ok);
        app.use(router.routes());
      },
      { '/songs/7': '/songs/:id' },
    ));

  test('a program reads ctx._matchedRoute and ctx.params as ever', () =>
    serve(
      {},
      (app) => {
        const router = new Router();
        router.get('/songs/:id', (ctx) => {
          ctx.body = [ctx._matchedRoute, ctx.params.id];
        });
        app.use(router.routes());
      },
      async ({ get }) => expect((await get('/songs/7')).answer.body).toBe('["/songs/:id","7"]'),
    ));

  test('layers lie in one another; the same middleware twice is two spans', () =>
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

  test('routes that are added while the program serves are traced', () => {
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

  test('so are handlers that are added to a route', () => {
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
        expect((await get('/')).answer.body).toBe('another');
      },
    );
  });

  test('layers in a mounted router are traced when its module is', () =>
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

  test('a program sees its own functions', () =>
    serve(
      { layers: 'all' },
      (app) => {
        const routes = new Router().routes();
        app.use(ok).use(routes);
        app.callback();
        expect(app.middleware).toEqual([ok, routes]);
        expect(app.middleware[0]).toBe(ok);
        expect(Object.keys(app)).toContain('middleware');
      },
      async ({ get, app }) => {
        expect((await get('/')).answer.body).toBe('ok');
        expect(app.middleware[0]).toBe(ok);
      },
    ));

  test("a router's handlers stay its own", () => {
    const router = new Router() as InstanceType<AnyRouterClass> & { stack: { stack: unknown[] }[] };
    router.get('/', ok);
    return serve(
      { layers: 'all' },
      (app) => app.use(router.routes()),
      async ({ get }) => {
        await get('/');
        expect(router.stack[0]?.stack[0]).toBe(ok);
      },
    );
  });

  test('what is added after callback() is served as without tracing', async () => {
    const bodies: string[] = [];
    for (const traced of [true, false]) {
      await serve(
        { enabled: traced },
        () => {},
        async ({ app, instance, get }) => {
          if (!traced) instance.disable();
          app.use(ok);
          bodies.push((await get('/')).answer.body);
        },
      );
    }
    expect(bodies[0]).toBe(bodies[1]);
  });

  test.each([
    ['thrown', 500, 'TypeError'],
    ['refused', 503, 'ServiceUnavailableError'],
    ['missing', 404, undefined],
    ['said', 500, 'RangeError'],
  ])('an error that is %s', async (target, status, type) =>
    serve(
      {},
      (app) => {
        app.use(async (ctx, next) => {
          try {
            await next();
          } catch (error) {
            if (ctx.path !== '/said') throw error;
            ctx.status = 500;
            ctx.app.emit('error', error, ctx);
          }
        });
        app.use(async (ctx) => {
          await later();
          if (ctx.path === '/thrown') throw new TypeError('thrown');
          if (ctx.path === '/refused') ctx.throw(503);
          if (ctx.path === '/missing') ctx.throw(404, 'no such', { expose: true });
          throw new RangeError('said');
        });
      },
      async ({ get }) => {
        const { answer, server } = await get(`/${target}`);
        expect(answer.status).toBe(status);
        expect(server.attributes['error.type']).toBe(type);
        expect(server.events.length).toBe(type === undefined ? 0 : 1);
      },
    ),
  );

  test('an error is on the layer where it arose, and on no other', () =>
    serve(
      { layers: 'all' },
      (app) => {
        app.use(function outer(_ctx, next) {
          return next();
        });
        app.use(async function inner() {
          await later();
          throw new TypeError('inner');
        });
      },
      async ({ get }) => {
        for (const _ of [1, 2]) {
          const { layers } = await get('/');
          const failed = layers.filter(({ status }) => status.code === SpanStatusCode.ERROR);
          expect(failed.map(({ name }) => name)).toEqual(['middleware - inner']);
        }
      },
    ));

  test('the hook adds to a layer, and harms nothing when it throws', () =>
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
        const { answer, layers } = await get('/x');
        expect(answer.body).toBe('ok');
        expect(layers[0]?.attributes.seen).toBe('middleware ok /x');
      },
    ));

  test('after disable() no layer is a span, after enable() they are again', () =>
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

test('a wrong option is an error that names it', () => {
  expect(() => new KoaInstrumentation({ layers: 'some' as 'all' })).toThrow(
    '@clew/instrumentation-koa: expected layers to be "none" | "slow" | "all", got "some"',
  );
});
