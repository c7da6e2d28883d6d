import { recordSpans } from '@clew/testing';
import { frameworks } from './frameworks.ts';
import type { AnyRouterClass } from './program.ts';
import { ok, serving } from './traced.ts';

const recorder = recordSpans();

describe.each(frameworks)('an application of %s', (_name, Application, Router) => {
  const serve = serving(recorder, Application);

  test('reads ctx._matchedRoute and ctx.params as without tracing', () =>
    serve(
      {},
      (app) => {
        const router = new Router();
        router.get('/songs/:id', (ctx) => {
          ctx.body = [ctx._matchedRoute, ctx.params.id];
        });
        app.use(router.routes());
      },
      async ({ get }) => expect((await get('/songs/7')).response.body).toBe('["/songs/:id","7"]'),
    ));

  test('finds its own functions in app.middleware', () =>
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
        expect((await get('/')).response.body).toBe('ok');
        expect(app.middleware[0]).toBe(ok);
      },
    ));

  test('finds its own handlers in the stack of a router', () => {
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

  test('uses middleware that is added after callback() as without tracing', async () => {
    const bodies: string[] = [];
    for (const traced of [true, false]) {
      await serve(
        { enabled: traced },
        () => {},
        async ({ app, instance, get }) => {
          if (!traced) instance.disable();
          app.use(ok);
          bodies.push((await get('/')).response.body);
        },
      );
    }
    expect(bodies[0]).toBe(bodies[1]);
  });
});
