import assert from 'node:assert/strict';
import { ATTR, http } from '@clew/core/plugin';
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { serverContextTests } from './http-server-context-tests.ts';
import { type ServeOne, serverOptionTests } from './http-server-option-tests.ts';
import { openRequest, send } from './raw-http.ts';
import { prepareRecorder } from './recorder.ts';
import {
  barrier,
  currentSpanId,
  injected,
  laterTurn,
  type SubjectAdapter,
  shapeTests,
  tracing,
} from './subject.ts';
import { runSuite, type Skips } from './suite.ts';
import { type Listening, type SuiteHandler, whileServing } from './suite-server.ts';

/** The adapter of an HTTP server. */
export interface HttpServerAdapter extends SubjectAdapter {
  /** `node:http` */
  readonly name: string;
  readonly skips?: Skips;
  /** Serves each request with the handler. */
  listen(handler: SuiteHandler): Promise<Listening>;
}

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const PARENT_ID = 'b7ad6b7169203331';
const TRACEPARENT = `00-${TRACE_ID}-${PARENT_ID}-01`;

/** The tests of every plugin for an HTTP server. */
export function httpServerSuite(adapter: HttpServerAdapter): void {
  const recorder = prepareRecorder();

  const serving = <T>(
    handler: SuiteHandler,
    options: object,
    work: (url: string) => Promise<T>,
  ): Promise<T> => tracing(adapter, options, () => whileServing(adapter.listen(handler), work));

  /** Sends one request, and returns its only span. */
  const serveOne: ServeOne = (handler, options = {}, target = '/', request = {}) =>
    serving(handler, options, async (url) => {
      const response = await send(`${url}${target}`, request);
      const [span] = await recorder.take(1);
      assert(span);
      return { response, span, port: Number(new URL(url).port) };
    });

  const nothing: SuiteHandler = () => ({});
  const tests = {
    'a request is one SERVER span with the attributes of the conventions': async () => {
      const headers = { 'user-agent': 'suite/1' };
      const { span, port } = await serveOne(() => ({ status: 201 }), {}, '/users/7?page=2', { headers });
      assert.equal(span.name, 'GET');
      assert.equal(span.kind, SpanKind.SERVER);
      assert.equal(span.parentSpanId, undefined);
      assert.equal(span.status.code, SpanStatusCode.UNSET);
      const { attributes } = span;
      assert.equal(attributes[ATTR.httpRequestMethod], 'GET');
      assert.equal(attributes[ATTR.urlPath], '/users/7');
      assert.equal(attributes[ATTR.urlQuery], 'page=2');
      assert.match(String(attributes[ATTR.urlScheme]), /^https?$/);
      assert.equal(attributes[ATTR.httpResponseStatusCode], 201);
      assert.equal(attributes[ATTR.serverAddress], '127.0.0.1');
      assert.equal(attributes[ATTR.serverPort], port);
      assert.equal(attributes[ATTR.userAgentOriginal], 'suite/1');
      assert.equal(attributes[ATTR.networkProtocolVersion], '1.1');
      assert.equal(attributes[ATTR.networkPeerAddress], '127.0.0.1');
      assert.equal(attributes[ATTR.clientAddress], '127.0.0.1');
      assert.equal(attributes[ATTR.httpRoute], undefined);
    },
    "the caller's trace is continued": async () => {
      const headers = { traceparent: TRACEPARENT, tracestate: 'shop=1' };
      const state = () => trace.getActiveSpan()?.spanContext().traceState?.serialize() ?? '';
      const { span, response } = await serveOne(() => ({ body: state() }), {}, '/', { headers });
      assert.equal(span.traceId, TRACE_ID);
      assert.equal(span.parentSpanId, PARENT_ID);
      assert.equal(span.parentIsRemote, true);
      assert.equal(response.body, 'shop=1');
    },
    'a malformed traceparent starts a new trace': async () => {
      const { span } = await serveOne(nothing, {}, '/', { headers: { traceparent: `${TRACEPARENT}x` } });
      assert.notEqual(span.traceId, TRACE_ID);
      assert.equal(span.parentSpanId, undefined);
    },
    'the trace of an untrusted caller is linked': async () => {
      const { span } = await serveOne(nothing, { trust: 'link' }, '/', {
        headers: { traceparent: TRACEPARENT },
      });
      assert.notEqual(span.traceId, TRACE_ID);
      assert.equal(span.parentSpanId, undefined);
      assert.deepEqual(
        span.links.map(({ context }) => `${context.traceId} ${context.spanId}`),
        [`${TRACE_ID} ${PARENT_ID}`],
      );
    },
    'a rule for a path does not match an ambiguous target': async () => {
      const trust = [{ path: '/internal/*', trace: 'continue' as const }, { trace: 'ignore' as const }];
      const headers = { traceparent: TRACEPARENT };
      const inside = await serveOne(nothing, { trust }, '/internal/x?from=/../y', { headers });
      assert.equal(inside.span.traceId, TRACE_ID);
      for (const path of ['/internal/../x', '/internal/%2e%2e/x', '/internal/..%2fx', '//internal/x']) {
        const outside = await serveOne(nothing, { trust }, path, { headers });
        assert.notEqual(outside.span.traceId, TRACE_ID, `${path} is trusted`);
      }
    },
    'received baggage is available in the handler': async () => {
      const tenant: SuiteHandler = () => ({
        body: propagation.getBaggage(context.active())?.getEntry('tenant')?.value ?? '',
      });
      const { response } = await serveOne(tenant, {}, '/', { headers: { baggage: 'tenant=acme' } });
      assert.equal(response.body, 'acme');
    },
    'the span is current in the handler, also after await': async () => {
      const { response, span } = await serveOne(async () => {
        const before = currentSpanId();
        await laterTurn();
        return { body: `${before} ${currentSpanId()}` };
      });
      assert.equal(response.body, `${span.spanId} ${span.spanId}`);
    },
    'concurrent requests have their own contexts': async () => {
      const both = barrier(2);
      const handler: SuiteHandler = async () => {
        const before = currentSpanId();
        await both();
        await laterTurn();
        return { body: `${before} ${currentSpanId()}` };
      };
      await serving(handler, {}, async (url) => {
        const responses = await Promise.all([send(`${url}/a`), send(`${url}/b`)]);
        const spans = await recorder.take(2);
        for (const [index, path] of ['/a', '/b'].entries()) {
          const span = spans.find(({ attributes }) => attributes[ATTR.urlPath] === path);
          assert.equal(responses[index]?.body, `${span?.spanId} ${span?.spanId}`);
        }
        assert.notEqual(spans[0]?.traceId, spans[1]?.traceId);
      });
    },
    'a response with status 500 is an error': async () => {
      const { span } = await serveOne(() => ({ status: 500 }));
      assert.equal(span.status.code, SpanStatusCode.ERROR);
      assert.equal(span.attributes[ATTR.errorType], '500');
    },
    'a response with status 404 is not an error of the server': async () => {
      const { span } = await serveOne(() => ({ status: 404 }));
      assert.equal(span.status.code, SpanStatusCode.UNSET);
      assert.equal(span.attributes[ATTR.errorType], undefined);
    },
    'a client that disconnects before the response ends the span with an error': async () => {
      const { promise: arrived, resolve } = Promise.withResolvers<void>();
      const never: SuiteHandler = () => {
        resolve();
        return new Promise(() => {});
      };
      await serving(never, {}, async (url) => {
        const socket = await openRequest(url);
        await arrived;
        socket.destroy();
        const [span] = await recorder.take(1);
        assert.equal(span?.status.code, SpanStatusCode.ERROR);
        assert.equal(typeof span?.attributes[ATTR.errorType], 'string');
        assert.equal(span?.attributes[ATTR.httpResponseStatusCode], undefined);
      });
    },
    'the context of the handler has the host of the request': async () => {
      const host: SuiteHandler = () => ({ body: http.serverRequestOf(context.active())?.host ?? 'unknown' });
      const { response } = await serveOne(host, {}, '/', { headers: { host: 'shop.test:8080' } });
      assert.equal(response.body, 'shop.test:8080');
    },
    'an unsampled request records nothing and propagates its ids': async () => {
      recorder.sampling = 'none';
      const handler: SuiteHandler = async () => {
        await laterTurn();
        return { headers: injected() };
      };
      await serving(handler, {}, async (url) => {
        const { headers } = await send(url, { headers: { traceparent: TRACEPARENT } });
        assert.match(headers.traceparent ?? '', new RegExp(`^00-${TRACE_ID}-[0-9a-f]{16}-00$`));
        assert(!headers.traceparent?.includes(PARENT_ID));
        assert.equal(recorder.wastedCalls, 0);
      });
    },
    'an ignored request has no span, and its trace is continued': async () => {
      const options = { ignoreIncomingRequestHook: () => true };
      await serving(
        () => ({ headers: injected() }),
        options,
        async (url) => {
          const { headers } = await send(url, { headers: { traceparent: TRACEPARENT } });
          assert.equal(headers.traceparent, TRACEPARENT);
        },
      );
    },
    'after disable() requests are untraced, after enable() they are traced again': async () => {
      await tracing(adapter, {}, (subject) =>
        whileServing(
          adapter.listen(() => ({ body: currentSpanId() })),
          async (url) => {
            subject.disable();
            assert.equal((await send(url)).body, 'none');
            subject.enable();
            const { body } = await send(url);
            const [span] = await recorder.take(1);
            assert.equal(body, span?.spanId);
          },
        ),
      );
    },
    'a second instance adds nothing': async () => {
      await serving(nothing, {}, async (url) => {
        const second = adapter.instrument();
        await send(url);
        await recorder.take(1);
        second.disable();
      });
    },
    ...serverOptionTests(serveOne),
    ...serverContextTests(serving, recorder),
  };
  runSuite({
    name: `${adapter.name} as an HTTP server`,
    skips: adapter.skips,
    recorder,
    tests,
    parts: [shapeTests(adapter)],
  });
}
