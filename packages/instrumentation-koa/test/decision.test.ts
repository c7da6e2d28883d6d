import { Readable } from 'node:stream';
import { recordSpans } from '@clew/testing';
import { Router } from '@koa/router';
import type Koa from 'koa';
import koa3 from 'koa';
import router12 from 'koa-router12';
import koa2 from 'koa2';
import type { AnyRouter, AnyRouterClass, KoaModule } from './program.ts';
import { later, serving } from './traced.ts';

const recorder = recordSpans();
const frameworks: [name: string, Koa: KoaModule, Router: AnyRouterClass, catchAll: string][] = [
  ['koa 3, @koa/router 15', koa3, Router as unknown as AnyRouterClass, '/{*rest}'],
  ['koa 2, @koa/router 12', koa2, router12, '(.*)'],
];
const pass: Koa.Middleware = (_ctx, next) => next();

type Case = readonly [
  title: string,
  build: (router: AnyRouter, laterRouter: AnyRouter, app: Koa) => void,
  route: string | undefined,
  status: number,
];

/** `GET /songs/7` on an application with one router and a second one after it; the catch-all is `*`. */
const cases: readonly Case[] = [
  [
    'a status without a body decides',
    (router, laterRouter) => {
      router.get('/songs/:id', async (ctx, next) => {
        ctx.status = 202;
        await next();
      });
      laterRouter.all('*', pass);
    },
    '/songs/:id',
    202,
  ],
  [
    'a later route that sets another body decides',
    (router, laterRouter) => {
      router.all('*', async (ctx, next) => {
        ctx.status = 200;
        await next();
      });
      laterRouter.get('/songs/:id', (ctx) => {
        ctx.body = 'the song';
      });
    },
    '/songs/:id',
    200,
  ],
  [
    'a later route of the same router that sets nothing does not',
    (router) => {
      router.get('/songs/:id', async (ctx, next) => {
        ctx.body = 'song';
        await next();
      });
      router.all('*', pass, () => {});
    },
    '/songs/:id',
    200,
  ],
  [
    'a body that middleware sets before the route does not decide',
    (router, laterRouter, app) => {
      app.middleware.unshift(async (ctx, next) => {
        ctx.body = 'by default';
        await next();
      });
      router.all('*', pass);
      laterRouter.get('/songs/:id', (ctx) => {
        ctx.body = 'song';
      });
    },
    '/songs/:id',
    200,
  ],
  [
    'a route that responds after the later routes have returned',
    (router, laterRouter) => {
      router.get('/songs/:id', async (ctx, next) => {
        await next();
        ctx.body = 'song';
      });
      laterRouter.all('*', pass);
    },
    '/songs/:id',
    200,
  ],
  [
    'a body that outer middleware replaces belongs to the route that set it',
    (router, _laterRouter, app) => {
      app.middleware.unshift(async (ctx, next) => {
        await next();
        ctx.body = Readable.from([String(ctx.body)]);
      });
      router.get('/songs/:id', (ctx) => {
        ctx.body = 'song';
      });
      router.all('*', pass);
    },
    '/songs/:id',
    200,
  ],
  [
    'a route that writes the response without Koa',
    (router, laterRouter) => {
      router.get('/songs/:id', async (ctx, next) => {
        ctx.respond = false;
        await next();
        await later();
        ctx.res.statusCode = 200;
        ctx.res.end('song');
      });
      laterRouter.all('*', () => {});
    },
    '/songs/:id',
    200,
  ],
  [
    'a router that middleware calls after the other routes did not respond',
    (router, laterRouter, app) => {
      const fallback = laterRouter.routes();
      app.middleware.unshift(async (ctx, next) => {
        await next();
        if (ctx.status === 404) await fallback(ctx, async () => {});
      });
      router.all('*', pass);
      laterRouter.get('/songs/:id', (ctx) => {
        ctx.body = 'found';
      });
    },
    '/songs/:id',
    200,
  ],
  [
    'no route, if none has the method of the request',
    (router, _laterRouter, app) => {
      router.post('/songs/:id', pass);
      app.use((router as unknown as { allowedMethods(): Koa.Middleware }).allowedMethods());
    },
    undefined,
    405,
  ],
];

describe.each(frameworks)('what decides the route of %s', (_name, Application, Router, catchAll) => {
  const serve = serving(recorder, Application);
  const spelling = (router: AnyRouter): AnyRouter => {
    const { all } = router;
    router.all = (path, ...handlers) => all.call(router, path === '*' ? catchAll : path, ...handlers);
    return router;
  };

  test.each(cases)('%s', async (_title, build, route, status) => {
    const [router, laterRouter] = [spelling(new Router()), spelling(new Router())];
    await serve(
      {},
      (app) => {
        app.use(router.routes());
        build(router, laterRouter, app);
        app.use(laterRouter.routes());
      },
      async ({ get }) => {
        const { response, server } = await get('/songs/7');
        expect(response.status).toBe(status);
        expect(server.attributes['http.route']).toBe(route);
      },
    );
  });

  test('an error event without a context belongs to the current request, and one outside of a request is ignored', () =>
    serve(
      {},
      (app) => {
        app.on('error', () => {});
        app.use((ctx) => {
          ctx.status = 500;
          ctx.app.emit('error', new RangeError('reported'));
        });
        app.emit('error', new Error('of no request'), { originalUrl: 7 });
      },
      async ({ get }) => expect((await get('/')).server.attributes['error.type']).toBe('RangeError'),
    ));

  test('an error after the response was closed is not recorded', () =>
    serve(
      {},
      (app) =>
        app.use((ctx) => {
          ctx.res.once('close', () => ctx.onerror(new Error('after the end')));
          ctx.body = 'ok';
        }),
      async ({ get }) => expect((await get('/')).server.events).toEqual([]),
    ));
});
