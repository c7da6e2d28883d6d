import { Readable } from 'node:stream';
import { ATTR } from '@clew/core/plugin';
import {
  listenTraced,
  type RawResponse,
  type RecordedSpan,
  recordSpans,
  send,
  whileServing,
} from '@clew/testing';
import * as boom from '@hapi/boom';
import * as hapi21 from '@hapi/hapi';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import * as hapi20 from 'hapi20';
import { HapiInstrumentation } from '../src/index.ts';
import { type HapiModule, listenerOf } from './program.ts';

const recorder = recordSpans();

interface Trace {
  readonly answer: RawResponse;
  readonly server: RecordedSpan;
  readonly layers: readonly RecordedSpan[];
}

type Options = NonNullable<ConstructorParameters<typeof HapiInstrumentation>[0]>;

/** One request to a server, and the spans it leaves. */
async function trace(
  hapi: HapiModule,
  program: (server: hapi21.Server) => unknown,
  target: string,
  options: Options = {},
  method = 'GET',
): Promise<Trace> {
  const instance = new HapiInstrumentation(options);
  instance.instrument(hapi);
  try {
    return await whileServing(listenTraced(listenerOf(hapi, program)), async (url) => {
      const answer = await send(url + target, { method });
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

const song = { method: 'GET' as const, path: '/songs/{id}', handler: () => ({}) };

describe.each([
  ['hapi 20', hapi20 as HapiModule],
  ['hapi 21', hapi21],
])('%s', (_name, hapi) => {
  const expectError = ({ server, answer }: Trace, route: string | undefined, type = 'TypeError') => {
    expect(answer.status).toBe(500);
    expect(server.attributes[ATTR.httpRoute]).toBe(route);
    expect(server.attributes[ATTR.errorType]).toBe(type);
    expect(server.events).toHaveLength(1);
  };

  test.each(['onPreAuth', 'onPostAuth', 'onPreHandler', 'onPostHandler', 'onPreResponse'] as const)(
    'an error in an extension (%s) is recorded, with the route of the request',
    async (point) => {
      const program = (server: hapi21.Server) => {
        server.ext(point, broken);
        server.route(song);
      };
      expectError(await trace(hapi, program, '/songs/7'), '/songs/{id}');
    },
  );

  test('an error in onRequest comes before the route', async () => {
    expectError(await trace(hapi, (server) => server.ext('onRequest', broken), '/songs/7'), undefined);
  });

  test('an error in a prerequisite is recorded', async () => {
    const program = (server: hapi21.Server) => server.route({ ...song, options: { pre: [broken] } });
    expectError(await trace(hapi, program, '/songs/7'), '/songs/{id}');
  });

  test.each([
    [400, boom.badRequest],
    [404, boom.notFound],
  ])('a handler that throws a Boom with status %i does not fail the SERVER span', async (status, create) => {
    const handler = () => {
      throw create('no');
    };
    const { server, answer } = await trace(hapi, (each) => each.route({ ...song, handler }), '/songs/7');
    expect(answer.status).toBe(status);
    expect(server.name).toBe('GET /songs/{id}');
    expect(server.status.code).toBe(SpanStatusCode.UNSET);
    expect(server.events).toHaveLength(0);
  });

  test('a returned Boom counts like a thrown one', async () => {
    const handler = () => boom.badGateway('upstream');
    const { server } = await trace(hapi, (each) => each.route({ ...song, handler }), '/songs/7');
    expect(server.attributes[ATTR.httpResponseStatusCode]).toBe(502);
    expect(server.events).toHaveLength(1);
  });

  test('an error that onPreResponse replaces with a page does not fail the SERVER span', async () => {
    const program = (server: hapi21.Server) => {
      server.ext('onPreResponse', (request, h) =>
        'isBoom' in request.response ? h.response('sorry').code(200) : h.continue,
      );
      server.route({ ...song, handler: broken });
    };
    const { server, answer } = await trace(hapi, program, '/songs/7');
    expect(answer.body).toBe('sorry');
    expect(server.name).toBe('GET /songs/{id}');
    expect(server.status.code).toBe(SpanStatusCode.UNSET);
  });

  test('a value that cannot be serialized is an error of the server', async () => {
    const handler = () => {
      const loop: Record<string, unknown> = {};
      loop.loop = loop;
      return loop;
    };
    const traced = await trace(hapi, (each) => each.route({ ...song, handler }), '/songs/7');
    expectError(traced, '/songs/{id}', traced.server.attributes[ATTR.errorType] as string);
    expect(traced.server.attributes[ATTR.errorType]).toMatch(/Error$/);
  });

  test('a request that no route matches has no route, also with CORS', async () => {
    const program = (server: hapi21.Server) => server.route({ ...song, options: { cors: true } });
    const nothing = await trace(hapi, program, '/nothing');
    expect([nothing.answer.status, nothing.server.name]).toEqual([404, 'GET']);
  });

  test('HEAD has the route of its GET', async () => {
    const { server } = await trace(hapi, (each) => each.route(song), '/songs/7', {}, 'HEAD');
    expect(server.name).toBe('HEAD /songs/{id}');
  });

  test('a response that the handler sends itself has the route', async () => {
    const handler = (request: hapi21.Request, h: hapi21.ResponseToolkit) => {
      request.raw.res.end('event');
      return h.abandon;
    };
    const { server, answer } = await trace(hapi, (each) => each.route({ ...song, handler }), '/songs/7');
    expect([answer.body, server.name]).toEqual(['event', 'GET /songs/{id}']);
  });

  test('a stream that fails half-way breaks the response off', async () => {
    const parts = async function* () {
      yield 'part';
      throw new RangeError('half-way');
    };
    const handler = () => Readable.from(parts(), { objectMode: false });
    const { server } = await trace(hapi, (each) => each.route({ ...song, handler }), '/songs/7');
    expect(server.attributes[ATTR.httpResponseStatusCode]).toBe(200);
    expect(server.attributes[ATTR.errorType]).toBe('RangeError');
    expect(server.events).toHaveLength(1);
  });

  test('inject() inside a handler leaves the route of the request alone', async () => {
    const program = (server: hapi21.Server) => {
      server.route({ method: 'GET', path: '/inner', handler: broken });
      server.route({ ...song, handler: async () => ({ inner: (await server.inject('/inner')).statusCode }) });
    };
    const { server, answer } = await trace(hapi, program, '/songs/7');
    expect(answer.body).toBe('{"inner":500}');
    expect(server.name).toBe('GET /songs/{id}');
    expect(server.status.code).toBe(SpanStatusCode.UNSET);
  });

  test('layers carry what they are, and requestHook adds to them', async () => {
    const requestHook: Options['requestHook'] = (span, { layerType }) => span.setAttribute('hook', layerType);
    const program = (server: hapi21.Server) => {
      server.ext('onPreHandler', function loadSession(_request, h) {
        return h.continue;
      });
      server.route({ ...song, handler: broken });
    };
    const { layers } = await trace(hapi, program, '/songs/7', { layers: 'all', requestHook });
    expect(layers.map(({ name, attributes }) => [name, attributes])).toEqual([
      [
        'extension - loadSession',
        { 'hapi.type': 'extension', 'hapi.extension_point': 'onPreHandler', hook: 'extension' },
      ],
      [
        'handler - /songs/{id}',
        {
          'hapi.type': 'handler',
          [ATTR.httpRoute]: '/songs/{id}',
          [ATTR.errorType]: 'TypeError',
          hook: 'handler',
        },
      ],
    ]);
  });
});
