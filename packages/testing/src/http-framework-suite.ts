import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import { ATTR } from '@clew/core';
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { FrameworkProgram } from './framework-program.ts';
import { type RawAnswer, type RawRequest, send } from './raw-http.ts';
import { prepareRecorder } from './recorder.ts';
import type { RecordedSpan } from './recording-span.ts';
import {
  currentSpanId,
  injected,
  laterTurn,
  meeting,
  type SubjectAdapter,
  shapeTests,
  tracing,
} from './subject.ts';
import { runSuite, type Skips } from './suite.ts';
import { listenOn, type SuiteHandler } from './suite-server.ts';
import { listenTraced } from './traced-server.ts';

/** A framework on `node:http` as the suite drives it. */
export interface HttpFrameworkAdapter extends SubjectAdapter {
  /** `express 5` */
  readonly name: string;
  readonly skips?: Skips;
  /** Builds the program with the framework, as it is now: patched or not. */
  listener(program: FrameworkProgram): RequestListener;
  /** Names of the layer spans; undefined where the framework has no such layer. */
  readonly layerNames: {
    middleware(name: string): string | undefined;
    handler(route: string): string | undefined;
  };
}

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const TRACEPARENT = `00-${TRACE_ID}-b7ad6b7169203331-01`;
/** Long enough for any machine to take every layer for a fast one. */
const NEVER_SLOW_MS = 60_000;

/** What every framework on `node:http` with a plugin of ours must show. */
export function httpFrameworkSuite(adapter: HttpFrameworkAdapter): void {
  const recorder = prepareRecorder();
  const { layerNames } = adapter;

  const serving = <T>(
    program: FrameworkProgram,
    options: object,
    work: (url: string) => Promise<T>,
  ): Promise<T> =>
    tracing(adapter, options, async () => {
      const server = await listenTraced(adapter.listener(program));
      try {
        return await work(server.url);
      } finally {
        await server.close();
      }
    });

  /** One request with the default options, and the SERVER span, which is the only one. */
  const serveOne = (
    program: FrameworkProgram,
    target: string,
    request: RawRequest = {},
  ): Promise<{ answer: RawAnswer; span: RecordedSpan }> =>
    serving(program, {}, async (url) => {
      const answer = await send(`${url}${target}`, request);
      const [span] = await recorder.take(1);
      assert(span);
      assert.equal(span.kind, SpanKind.SERVER);
      return { answer, span };
    });

  /** One request with layer spans: the SERVER span and the layers in the order of their starts. */
  const serveLayers = (program: FrameworkProgram, target: string, options: object) =>
    serving(program, options, async (url) => {
      const answer = await send(`${url}${target}`);
      const spans = await recorder.takeUntil(({ kind }) => kind === SpanKind.SERVER);
      const [server, ...layers] = spans;
      assert(server);
      assert.equal(server.kind, SpanKind.SERVER);
      for (const layer of layers) {
        assert.equal(layer.traceId, server.traceId);
        assert.equal(layer.kind, SpanKind.INTERNAL);
      }
      return { answer, server, layers };
    });

  const ok = () => ({ body: 'ok' });
  const fail = () => {
    throw new TypeError('out of songs');
  };
  const rejectLater = async () => {
    await laterTurn();
    return fail();
  };
  const gone = () => {
    throw Object.assign(new Error('gone'), { status: 410 });
  };
  const get = (path: string, handle: SuiteHandler) => ({ method: 'GET' as const, path, handle });
  const one = (path: string, handle: SuiteHandler = ok): FrameworkProgram => ({
    routes: [get(path, handle)],
  });

  const program: FrameworkProgram = {
    middlewares: [
      { name: 'authenticate', run: () => {} },
      { name: 'loadSession', run: laterTurn },
    ],
    routes: [
      get('/', ok),
      get('/users/:id', ({ params }) => ({ body: `user ${params.id}` })),
      get('/fails', fail),
      get('/rejects', rejectLater),
      get('/gone', gone),
    ],
    mounts: [
      {
        path: '/api',
        routes: [get('/items/:item', ok)],
        mounts: [
          { path: '/v1', routes: [get('/items/:item', ({ params }) => ({ body: params.item ?? '' }))] },
        ],
      },
    ],
  };

  const assertRoute = async (target: string, route: string | undefined) => {
    const { span } = await serveOne(program, target);
    assert.equal(span.attributes[ATTR.httpRoute], route);
    assert.equal(span.name, route === undefined ? 'GET' : `GET ${route}`);
  };

  const assertError = ({ span, answer }: { span: RecordedSpan; answer: RawAnswer }) => {
    assert.equal(answer.status, 500);
    assert.equal(span.status.code, SpanStatusCode.ERROR);
    assert.equal(span.attributes[ATTR.errorType], 'TypeError');
    assert.equal(span.events.length, 1);
    assert.equal(span.events[0]?.attributes[ATTR.exceptionMessage], 'out of songs');
  };

  const tests = {
    'the SERVER span carries the route and is named after it': () =>
      assertRoute('/users/7?x=1', '/users/:id'),
    'the route of the root is a slash': () => assertRoute('/', '/'),
    "a mounted router's route has its path in front": () => assertRoute('/api/items/7', '/api/items/:item'),
    'so has a router in a router': () => assertRoute('/api/v1/items/7', '/api/v1/items/:item'),
    'a request that nothing matches has no route': () => assertRoute('/nothing', undefined),
    'a request that only a router matches has no route': () => assertRoute('/api/v1/nothing', undefined),
    'a handler that throws is recorded on the SERVER span': async () =>
      assertError(await serveOne(program, '/fails')),
    'a handler that rejects is recorded on the SERVER span': async () =>
      assertError(await serveOne(program, '/rejects')),
    'a middleware that rejects is recorded on the SERVER span': async () =>
      assertError(await serveOne({ middlewares: [{ name: 'broken', run: rejectLater }] }, '/')),
    'a failure that is answered as a client error is no error of the server': async () => {
      const { span, answer } = await serveOne(program, '/gone');
      assert.equal(answer.status, 410);
      assert.equal(span.status.code, SpanStatusCode.UNSET);
      assert.equal(span.attributes[ATTR.httpRoute], '/gone');
    },
    'every answer is the same with and without tracing': async () => {
      const targets = ['/', '/users/7', '/fails', '/rejects', '/gone', '/api/v1/items/7', '/nothing'];
      const plain = await listenOn(createServer(adapter.listener(program)));
      const expected: string[] = [];
      for (const target of targets) expected.push(said(await send(plain.url + target)));
      await plain.close();
      for (const options of [{}, { layers: 'all' }]) {
        await serving(program, options, async (url) => {
          for (const [index, target] of targets.entries()) {
            assert.equal(said(await send(url + target)), expected[index], target);
            await recorder.takeUntil(({ kind }) => kind === SpanKind.SERVER);
          }
        });
      }
    },
    'the SERVER span is current in handlers and middlewares, also after await': async () => {
      const seen: string[] = [];
      const look = async () => {
        seen.push(currentSpanId());
        await laterTurn();
        seen.push(currentSpanId());
      };
      const handle = async () => {
        await look();
        return {};
      };
      const { span } = await serveOne(
        { middlewares: [{ name: 'look', run: look }], ...one('/', handle) },
        '/',
      );
      assert.deepEqual(seen, [span.spanId, span.spanId, span.spanId, span.spanId]);
    },
    'requests at the same time never see each other': async () => {
      const both = meeting(2);
      const handle: SuiteHandler = async ({ params }) => {
        const before = currentSpanId();
        await both();
        await laterTurn();
        return { body: `${params.id} ${before} ${currentSpanId()}` };
      };
      await serving(one('/users/:id', handle), {}, async (url) => {
        const answers = await Promise.all([send(`${url}/users/a`), send(`${url}/users/b`)]);
        const spans = await recorder.take(2);
        for (const [index, id] of ['a', 'b'].entries()) {
          const span = spans.find(({ attributes }) => attributes[ATTR.urlPath] === `/users/${id}`);
          assert.equal(answers[index]?.body, `${id} ${span?.spanId} ${span?.spanId}`);
          assert.equal(span?.attributes[ATTR.httpRoute], '/users/:id');
        }
      });
    },
    'an unsampled request records nothing and carries its ids on': async () => {
      recorder.sampling = 'none';
      const handle: SuiteHandler = async () => {
        await laterTurn();
        return { headers: injected() };
      };
      await serving(one('/', handle), { layers: 'all' }, async (url) => {
        const { headers } = await send(url, { headers: { traceparent: TRACEPARENT } });
        assert.match(headers.traceparent ?? '', new RegExp(`^00-${TRACE_ID}-[0-9a-f]{16}-00$`));
        assert.equal(recorder.wastedCalls, 0);
      });
    },
    'a request that no plugin has a SERVER span for is served as ever': async () => {
      await tracing(adapter, { layers: 'all' }, async () => {
        const server = await listenOn(createServer(adapter.listener(program)));
        assert.equal((await send(`${server.url}/users/7`)).body, 'user 7');
        assert.equal((await send(`${server.url}/rejects`)).status, 500);
        await server.close();
      });
    },
    'layers are no spans by default': async () => {
      const { layers } = await serveLayers(program, '/users/7', {});
      assert.deepEqual(namesOf(layers), []);
    },
    'with layers: "all" each middleware and handler is a span': async () => {
      const { server, layers } = await serveLayers(program, '/users/7', { layers: 'all' });
      const { middleware, handler } = layerNames;
      const expected = [middleware('authenticate'), middleware('loadSession'), handler('/users/:id')];
      const names = namesOf(layers);
      for (const name of expected)
        if (name !== undefined) assert(names.includes(name), `${name} in ${names}`);
      assert.equal(server.name, 'GET /users/:id');
    },
    'with layers: "slow" only those that took as long are spans': async () => {
      const slow: FrameworkProgram = {
        middlewares: [{ name: 'waits', run: () => new Promise((resolve) => setTimeout(resolve, 30)) }],
        ...one('/'),
      };
      const none = await serveLayers(slow, '/', { layers: 'slow', slowLayerMs: NEVER_SLOW_MS });
      assert.deepEqual(namesOf(none.layers), []);
      const { server, layers } = await serveLayers(slow, '/', { layers: 'slow', slowLayerMs: 10 });
      const found = layers.find(({ name }) => name === layerNames.middleware('waits'));
      assert(found, `the slow one is in ${namesOf(layers)}`);
      assert(found.startTimeMs >= server.startTimeMs - 2);
      assert(found.endTimeMs - found.startTimeMs >= 20);
    },
    'a layer that fails is recorded on its span too': async () => {
      const broken = { middlewares: [{ name: 'broken', run: rejectLater }] };
      const { server, layers } = await serveLayers(broken, '/', { layers: 'all' });
      const layer = layers.find(({ name }) => name === layerNames.middleware('broken'));
      assert.equal(layer?.status.code, SpanStatusCode.ERROR);
      assert.equal(layer.attributes[ATTR.errorType], 'TypeError');
      assert.equal(server.attributes[ATTR.errorType], 'TypeError');
    },
    'a span that is started in a layer belongs to the layer': async () => {
      const work = async () => {
        await laterTurn();
        trace.getTracer('suite').startSpan('work').end();
      };
      const inside = { middlewares: [{ name: 'works', run: work }], ...one('/') };
      const { layers } = await serveLayers(inside, '/', { layers: 'all' });
      const layer = layers.find(({ name }) => name === layerNames.middleware('works'));
      assert.equal(layers.find(({ name }) => name === 'work')?.parentSpanId, layer?.spanId);
    },
    'layers of an ignored type are no spans, and the route stays': async () => {
      const options = { layers: 'all', ignoreLayersType: ['middleware'] };
      const { server, layers } = await serveLayers(program, '/users/7', options);
      assert(!namesOf(layers).includes(layerNames.middleware('authenticate') ?? ''));
      assert.equal(server.name, 'GET /users/:id');
    },
    'after disable() a program is as if it was never traced, after enable() it is traced again': async () => {
      await tracing(adapter, {}, async (subject) => {
        const server = await listenTraced(adapter.listener(program));
        for (const on of [true, false, true]) {
          if (on) subject.enable();
          else subject.disable();
          assert.equal((await send(`${server.url}/users/7`)).body, 'user 7');
          const [span] = await recorder.take(1);
          assert.equal(span?.attributes[ATTR.httpRoute], on ? '/users/:id' : undefined);
        }
        await server.close();
      });
    },
    'a second instance adds nothing': async () => {
      await tracing(adapter, { layers: 'all' }, async () => {
        const second = adapter.instrument({ layers: 'all' });
        const server = await listenTraced(adapter.listener(program));
        await send(`${server.url}/users/7`);
        const spans = await recorder.takeUntil(({ kind }) => kind === SpanKind.SERVER);
        const name = layerNames.middleware('authenticate');
        assert.equal(spans.filter((span) => span.name === name).length, name === undefined ? 0 : 1);
        await server.close();
        second.disable();
      });
    },
    ...shapeTests(adapter),
  };
  runSuite({ name: `${adapter.name} as a framework`, skips: adapter.skips, recorder, tests });
}

function namesOf(spans: readonly RecordedSpan[]): string[] {
  return spans.map(({ name }) => name);
}

/** All that a client can tell of an answer, but its date. */
function said({ status, headers, body }: RawAnswer): string {
  const { date: _, ...rest } = headers;
  return JSON.stringify([status, rest, body]);
}
