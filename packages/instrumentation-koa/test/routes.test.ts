import { recordSpans } from '@clew/testing';
import type Koa from 'koa';
import compose from 'koa-compose';
import mount from 'koa-mount';
import { frameworks } from './frameworks.ts';
import { ok, serving } from './traced.ts';

const recorder = recordSpans();

describe.each(frameworks)('the route in %s', (_name, Application, Router) => {
  const serve = serving(recorder, Application);

  const expectRoutes = (
    build: (app: Koa) => void,
    routes: Readonly<Record<string, string | undefined>>,
  ): Promise<void> =>
    serve({}, build, async ({ get }) => {
      const found: Record<string, unknown> = {};
      for (const target of Object.keys(routes))
        found[target] = (await get(target)).server.attributes['http.route'];
      expect(found).toEqual(routes);
    });

  test('has the prefixes of all routers', () =>
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

  test('has the prefixes of koa-mount, also nested and with koa-compose', () =>
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

  test('is the one that responds, if two routes match', () =>
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

  test('is that of the guarded handler, if middleware of the router responds', () =>
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
});
