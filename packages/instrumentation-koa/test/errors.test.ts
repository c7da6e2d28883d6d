import { recordSpans } from '@clew/testing';
import { SpanStatusCode } from '@opentelemetry/api';
import { frameworks } from './frameworks.ts';
import { later, serving } from './traced.ts';

const recorder = recordSpans();

describe.each(frameworks)('errors in %s', (_name, Application) => {
  const serve = serving(recorder, Application);

  test.each([
    ['thrown', 500, 'TypeError'],
    ['refused', 503, 'ServiceUnavailableError'],
    ['missing', 404, undefined],
    ['emitted', 500, 'RangeError'],
  ])(
    'an error that is %s: the SERVER span has the status %s and the error type %s',
    async (target, status, type) =>
      serve(
        {},
        (app) => {
          app.use(async (ctx, next) => {
            try {
              await next();
            } catch (error) {
              if (ctx.path !== '/emitted') throw error;
              ctx.status = 500;
              ctx.app.emit('error', error, ctx);
            }
          });
          app.use(async (ctx) => {
            await later();
            if (ctx.path === '/thrown') throw new TypeError('thrown');
            if (ctx.path === '/refused') ctx.throw(503);
            if (ctx.path === '/missing') ctx.throw(404, 'no such', { expose: true });
            throw new RangeError('emitted');
          });
        },
        async ({ get }) => {
          const { response, server } = await get(`/${target}`);
          expect(response.status).toBe(status);
          expect(server.attributes['error.type']).toBe(type);
          expect(server.events.length).toBe(type === undefined ? 0 : 1);
        },
      ),
  );

  test('an error is recorded only on the layer where it occurred', () =>
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
});
