import { once } from 'node:events';
import { Readable } from 'node:stream';
import { ATTR } from '@clew/core/plugin';
import {
  laterTurn,
  listenTraced,
  openRequest,
  type RawResponse,
  type RecordedSpan,
  recordSpans,
  send,
  whileServing,
} from '@clew/testing';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import fastify5, { type FastifyInstance } from 'fastify';
import fastify4 from 'fastify4';
import { FastifyInstrumentation } from '../src/index.ts';
import { type FastifyModule, listenerOf } from './program.ts';

const recorder = recordSpans();

interface Trace {
  readonly answer: RawResponse;
  readonly server: RecordedSpan;
  readonly layers: readonly RecordedSpan[];
}

type Request = Parameters<typeof send>[1];

/** One request to an application, and the spans it leaves. */
async function trace(
  create: FastifyModule,
  program: (app: FastifyInstance) => unknown,
  target: string,
  request: Request = {},
  options: ConstructorParameters<typeof FastifyInstrumentation>[0] = {},
): Promise<Trace> {
  const instance = new FastifyInstrumentation(options);
  const app = create();
  program(app);
  try {
    return await whileServing(listenTraced(listenerOf(app)), async (url) => {
      const answer = await send(url + target, request);
      const [server, ...layers] = await recorder.takeUntil(({ kind }) => kind === SpanKind.SERVER);
      if (server === undefined) throw new Error('no SERVER span');
      return { answer, server, layers };
    });
  } finally {
    instance.disable();
  }
}

function broken(): never {
  throw new TypeError('out of songs');
}

describe.each([
  ['fastify 4', fastify4 as FastifyModule],
  ['fastify 5', fastify5],
])('%s', (_name, create) => {
  const expectError = ({ server, answer }: Trace, route: string | undefined, type = 'TypeError') => {
    expect(answer.status).toBe(500);
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
    const program = (app: FastifyInstance) => {
      app.addHook(hook as 'onRequest', async () => broken());
      app.get('/songs/:id', async () => ({}));
    };
    expectError(await trace(create, program, '/songs/7'), '/songs/:id');
  });

  test('a request that a hook responds to has the route that it matches', async () => {
    const program = (app: FastifyInstance) => {
      app.addHook('onRequest', async (_request, reply) => reply.code(401).send('who are you?'));
      app.get('/songs/:id', async () => ({}));
    };
    const { server } = await trace(create, program, '/songs/7');
    expect(server.name).toBe('GET /songs/:id');
    expect(server.status.code).toBe(SpanStatusCode.UNSET);
  });

  test('a failed validation is no error of the server', async () => {
    const schema = { querystring: { type: 'object', required: ['page'] } };
    const program = (app: FastifyInstance) => app.get('/songs', { schema }, async () => ({}));
    const { server, answer } = await trace(create, program, '/songs');
    expect(answer.status).toBe(400);
    expect(server.name).toBe('GET /songs');
    expect(server.status.code).toBe(SpanStatusCode.UNSET);
    expect(server.events).toHaveLength(0);
  });

  test('a 404 has no route, neither by default nor with a handler of the application', async () => {
    const plain = await trace(create, (app) => app.get('/songs', async () => ({})), '/nothing');
    expect([plain.answer.status, plain.server.name]).toEqual([404, 'GET']);
    const own = await trace(create, (app) => app.setNotFoundHandler(async () => ({})), '/nothing');
    expect([own.answer.status, own.server.name]).toEqual([200, 'GET']);
  });

  test('a handler that calls callNotFound() has passed the request on', async () => {
    const program = (app: FastifyInstance) => app.get('/files/*', (_request, reply) => reply.callNotFound());
    const { server, answer } = await trace(create, program, '/files/none');
    expect([answer.status, server.name]).toEqual([404, 'GET']);
  });

  test('HEAD has the route of its GET', async () => {
    const program = (app: FastifyInstance) => app.get('/songs/:id', async () => ({}));
    const { server } = await trace(create, program, '/songs/7', { method: 'HEAD' });
    expect(server.name).toBe('HEAD /songs/:id');
  });

  test('the root of a plugin with a prefix has the prefix as its route', async () => {
    const program = (app: FastifyInstance) =>
      app.register(async (songs) => void songs.get('/', async () => ({})), { prefix: '/songs' });
    const { server } = await trace(create, program, '/songs');
    expect(server.attributes[ATTR.httpRoute]).toBe('/songs');
  });

  test('an error handler of an encapsulated plugin handles its errors only', async () => {
    const program = (app: FastifyInstance) => {
      app.register(async (inner) => {
        inner.setErrorHandler(async (_error, _request, reply) => reply.code(503).send('later'));
        inner.get('/inner', async () => broken());
      });
      app.register(async (inner) => void inner.get('/other', async () => broken()));
    };
    const { server } = await trace(create, program, '/inner');
    expect(server.attributes[ATTR.httpResponseStatusCode]).toBe(503);
    expect(server.attributes[ATTR.errorType]).toBe('TypeError');
    expectError(await trace(create, program, '/other'), '/other');
  });

  test('a hijacked response has the route', async () => {
    const program = (app: FastifyInstance) =>
      app.get('/events', async (_request, reply) => {
        reply.hijack();
        await laterTurn();
        reply.raw.end('event');
      });
    const { server, answer, layers } = await trace(create, program, '/events', {}, { layers: 'all' });
    expect(answer.body).toBe('event');
    expect(server.name).toBe('GET /events');
    for (const layer of layers) expect(layer.endTimeMs).toBeLessThanOrEqual(server.endTimeMs);
  });

  test('a stream that fails before the headers is a server error, recorded once', async () => {
    const program = (app: FastifyInstance) =>
      app.get('/songs', async (_request, reply) =>
        reply.send(
          new Readable({
            read() {
              this.destroy(new RangeError('no songs'));
            },
          }),
        ),
      );
    expectError(await trace(create, program, '/songs'), '/songs', 'RangeError');
  });

  test('a client that leaves in the middle of a stream is no failure of the stream', async () => {
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
    const program = (app: FastifyInstance) => {
      app.get('/', async (request, reply) => {
        seen.push(...Object.keys(request), ...Object.keys(reply));
        return {};
      });
    };
    await trace(create, program, '/');
    expect(seen.filter((key) => key.includes('clew'))).toEqual([]);
  });
});

// Fastify 5 loads what it needs for inject() in a way that Jest does not support.
test('inject() inside a handler leaves the route of the request alone', async () => {
  const program = (app: FastifyInstance) => {
    app.get('/inner', async () => broken());
    app.get('/outer/:id', async () => {
      const { statusCode } = await app.inject('/inner');
      return { statusCode };
    });
  };
  const { server, answer } = await trace(fastify4 as FastifyModule, program, '/outer/7');
  expect(answer.body).toBe('{"statusCode":500}');
  expect(server.name).toBe('GET /outer/:id');
  expect(server.status.code).toBe(SpanStatusCode.UNSET);
});

describe('handlers of fastify 5 as layers', () => {
  const options = { layers: 'all' } as const;
  const names = ({ layers }: Trace) => layers.map(({ name }) => name);

  test.each<[string, (app: FastifyInstance) => unknown]>([
    ['returns a value', (app) => app.get('/songs', () => 'songs')],
    ['returns a promise', (app) => app.get('/songs', async () => ({}))],
    ['sends in the handler', (app) => app.get('/songs', (_request, reply) => void reply.send('songs'))],
    [
      'sends from a callback',
      (app) => app.get('/songs', (_request, reply) => void setImmediate(() => reply.send('songs'))),
    ],
    ['sends a stream', (app) => app.get('/songs', (_request, reply) => reply.send(Readable.from(['songs'])))],
  ])('a handler that %s is one span, which ends within the request', async (_title, program) => {
    const traced = await trace(fastify5, program, '/songs', {}, options);
    expect(names(traced)).toEqual(['request handler - /songs']);
    expect(traced.layers[0]?.attributes).toEqual({
      'fastify.type': 'request_handler',
      'http.route': '/songs',
    });
    expect(traced.layers[0]?.endTimeMs).toBeLessThanOrEqual(traced.server.endTimeMs);
  });

  test.each<[string, (app: FastifyInstance) => unknown]>([
    ['throws', (app) => app.get('/songs', () => broken())],
    ['rejects', (app) => app.get('/songs', async () => broken())],
  ])('a handler that %s has the error, as has the SERVER span', async (_title, program) => {
    const { layers, server } = await trace(fastify5, program, '/songs', {}, options);
    expect(layers.map(({ attributes }) => attributes[ATTR.errorType])).toEqual(['TypeError']);
    expect(server.attributes[ATTR.errorType]).toBe('TypeError');
  });

  test('requestHook adds to the span', async () => {
    const requestHook: FastifyHook = (span, { route }) => span.setAttribute('song', route);
    const program = (app: FastifyInstance) => app.get('/songs', async () => ({}));
    const { layers } = await trace(fastify5, program, '/songs', {}, { ...options, requestHook });
    expect(layers[0]?.attributes.song).toBe('/songs');
  });
});

type FastifyHook = NonNullable<
  NonNullable<ConstructorParameters<typeof FastifyInstrumentation>[0]>['requestHook']
>;
