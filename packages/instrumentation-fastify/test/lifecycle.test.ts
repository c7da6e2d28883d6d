import { once } from 'node:events';
import { Readable } from 'node:stream';
import { ATTR } from '@clew/core/plugin';
import { laterTurn, listenTraced, openRequest, recordSpans, whileServing } from '@clew/testing';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import fastify5, { type FastifyInstance } from 'fastify';
import fastify4 from 'fastify4';
import { FastifyInstrumentation } from '../src/index.ts';
import { type FastifyModule, listenerOf } from './program.ts';
import { broken, type Trace, trace } from './traced.ts';

const recorder = recordSpans();

describe.each([
  ['fastify 4', fastify4 as FastifyModule],
  ['fastify 5', fastify5],
])('%s', (_name, create) => {
  const expectError = ({ server, response }: Trace, route: string | undefined, type = 'TypeError') => {
    expect(response.status).toBe(500);
    expect(server.attributes[ATTR.httpRoute]).toBe(route);
    expect(server.attributes[ATTR.errorType]).toBe(type);
    expect(server.events).toHaveLength(1);
  };

  test.each([
    'onRequest',
    'preParsing',
    'preValidation',
    'preHandler',
    'preSerialization',
    'onSend',
  ] as const)('an error in a hook (%s) is recorded, with the route of the request', async (hook) => {
    const build = (app: FastifyInstance) => {
      app.addHook(hook as 'onRequest', async () => broken());
      app.get('/songs/:id', async () => ({}));
    };
    expectError(await trace(recorder, create, build, '/songs/7'), '/songs/:id');
  });

  test('a request that a hook responds to has the route that it matches', async () => {
    const build = (app: FastifyInstance) => {
      app.addHook('onRequest', async (_request, reply) => reply.code(401).send('who are you?'));
      app.get('/songs/:id', async () => ({}));
    };
    const { server } = await trace(recorder, create, build, '/songs/7');
    expect(server.name).toBe('GET /songs/:id');
    expect(server.status.code).toBe(SpanStatusCode.UNSET);
  });

  test('a failed validation is not an error on the SERVER span', async () => {
    const schema = { querystring: { type: 'object', required: ['page'] } };
    const build = (app: FastifyInstance) => app.get('/songs', { schema }, async () => ({}));
    const { server, response } = await trace(recorder, create, build, '/songs');
    expect(response.status).toBe(400);
    expect(server.name).toBe('GET /songs');
    expect(server.status.code).toBe(SpanStatusCode.UNSET);
    expect(server.events).toHaveLength(0);
  });

  test('a 404 has no route, neither by default nor with a handler of the application', async () => {
    const plain = await trace(recorder, create, (app) => app.get('/songs', async () => ({})), '/nothing');
    expect([plain.response.status, plain.server.name]).toEqual([404, 'GET']);
    const own = await trace(recorder, create, (app) => app.setNotFoundHandler(async () => ({})), '/nothing');
    expect([own.response.status, own.server.name]).toEqual([200, 'GET']);
  });

  test('a handler that calls callNotFound() has passed the request on', async () => {
    const build = (app: FastifyInstance) => app.get('/files/*', (_request, reply) => reply.callNotFound());
    const { server, response } = await trace(recorder, create, build, '/files/none');
    expect([response.status, server.name]).toEqual([404, 'GET']);
  });

  test('HEAD has the route of its GET', async () => {
    const build = (app: FastifyInstance) => app.get('/songs/:id', async () => ({}));
    const { server } = await trace(recorder, create, build, '/songs/7', { method: 'HEAD' });
    expect(server.name).toBe('HEAD /songs/:id');
  });

  test('the root of a plugin with a prefix has the prefix as its route', async () => {
    const build = (app: FastifyInstance) =>
      app.register(async (songs) => void songs.get('/', async () => ({})), { prefix: '/songs' });
    const { server } = await trace(recorder, create, build, '/songs');
    expect(server.attributes[ATTR.httpRoute]).toBe('/songs');
  });

  test('an error handler of an encapsulated plugin handles its errors only', async () => {
    const build = (app: FastifyInstance) => {
      app.register(async (inner) => {
        inner.setErrorHandler(async (_error, _request, reply) => reply.code(503).send('later'));
        inner.get('/inner', async () => broken());
      });
      app.register(async (inner) => void inner.get('/other', async () => broken()));
    };
    const { server } = await trace(recorder, create, build, '/inner');
    expect(server.attributes[ATTR.httpResponseStatusCode]).toBe(503);
    expect(server.attributes[ATTR.errorType]).toBe('TypeError');
    expectError(await trace(recorder, create, build, '/other'), '/other');
  });

  test('a hijacked response has the route', async () => {
    const build = (app: FastifyInstance) =>
      app.get('/events', async (_request, reply) => {
        reply.hijack();
        await laterTurn();
        reply.raw.end('event');
      });
    const { server, response, layers } = await trace(
      recorder,
      create,
      build,
      '/events',
      {},
      { layers: 'all' },
    );
    expect(response.body).toBe('event');
    expect(server.name).toBe('GET /events');
    for (const layer of layers) expect(layer.endTimeMs).toBeLessThanOrEqual(server.endTimeMs);
  });

  test('a stream that fails before the headers is a server error, recorded once', async () => {
    const build = (app: FastifyInstance) =>
      app.get('/songs', async (_request, reply) =>
        reply.send(
          new Readable({
            read() {
              this.destroy(new RangeError('no songs'));
            },
          }),
        ),
      );
    expectError(await trace(recorder, create, build, '/songs'), '/songs', 'RangeError');
  });

  test('a client that disconnects in the middle of a stream is not an error of the stream', async () => {
    const instance = new FastifyInstrumentation();
    const app = create();
    const body = new Readable({ read() {} });
    body._destroy = (_error, callback) => callback(new RangeError('the source was closed'));
    app.get('/songs', async (_request, reply) => reply.send(body));
    body.push('first');
    await whileServing(listenTraced(listenerOf(app)), async (url) => {
      const socket = await openRequest(`${url}/songs`);
      await once(socket, 'data');
      socket.destroy();
      const [server] = await recorder.takeUntil(({ kind }) => kind === SpanKind.SERVER);
      expect(server?.attributes[ATTR.errorType]).not.toBe('RangeError');
    });
    instance.disable();
  });

  test('the application and its requests get no decorators', async () => {
    const seen: string[] = [];
    const build = (app: FastifyInstance) => {
      app.get('/', async (request, reply) => {
        seen.push(...Object.keys(request), ...Object.keys(reply));
        return {};
      });
    };
    await trace(recorder, create, build, '/');
    expect(seen.filter((key) => key.includes('clew'))).toEqual([]);
  });
});

// Fastify 5 loads what it needs for inject() in a way that Jest does not support.
test('inject() inside a handler leaves the route of the request alone', async () => {
  const build = (app: FastifyInstance) => {
    app.get('/inner', async () => broken());
    app.get('/outer/:id', async () => {
      const { statusCode } = await app.inject('/inner');
      return { statusCode };
    });
  };
  const { server, response } = await trace(recorder, fastify4 as FastifyModule, build, '/outer/7');
  expect(response.body).toBe('{"statusCode":500}');
  expect(server.name).toBe('GET /outer/:id');
  expect(server.status.code).toBe(SpanStatusCode.UNSET);
});
