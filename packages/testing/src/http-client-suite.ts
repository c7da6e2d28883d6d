import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { ATTR, suppressTracing } from '@clew/core';
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { prepareRecorder } from './recorder.ts';
import type { RecordedSpan } from './recording-span.ts';
import { currentSpanId, laterTurn, meeting, type SubjectAdapter, shapeTests, tracing } from './subject.ts';
import { runSuite, type Skips } from './suite.ts';
import { type Listening, listenOn } from './suite-server.ts';

/** One call as the suite asks for it. */
export interface ClientCall {
  readonly url: string;
  /** `GET` by default. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Called where the library gives the answer to the program: in its callback, or right after its promise. */
  readonly onAnswer?: () => void;
  /** What becomes of the body; `read` by default, `discard` throws it away unread in the library's own way. */
  readonly body?: 'read' | 'discard';
}

/** An HTTP client as the suite drives it. */
export interface HttpClientAdapter extends SubjectAdapter {
  /** `undici` */
  readonly name: string;
  readonly skips?: Skips;
  /** Options of the plugin that all tests have, to leave servers in the same process alone. */
  readonly options?: object;
  /** Key and certificate of the suite's server, for a client of `https`. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Makes a call. Resolves to status and body when all is over; rejects with the library's own error. */
  call(call: ClientCall): Promise<{ readonly status: number; readonly body: string }>;
}

type Peer = (request: IncomingMessage, response: ServerResponse) => void;

/** What every HTTP client with a plugin of ours must show. */
export function httpClientSuite(adapter: HttpClientAdapter): void {
  const recorder = prepareRecorder();
  const scheme = adapter.tls ? 'https' : 'http';

  const listen = (peer: Peer): Promise<Listening> =>
    listenOn(adapter.tls ? createSecureServer(adapter.tls, peer) : createServer(peer), scheme);

  const calling = <T>(peer: Peer, options: object, work: (url: string) => Promise<T>): Promise<T> =>
    tracing(adapter, { ...adapter.options, ...options }, async () => {
      const server = await listen(peer);
      try {
        return await work(server.url);
      } finally {
        await server.close();
      }
    });

  /** One call that succeeds or fails, and the one span that it makes. */
  const callOne = (peer: Peer, options: object = {}, call: Partial<ClientCall> & { target?: string } = {}) =>
    calling(peer, options, async (url) => {
      const { target = '/', ...rest } = call;
      const [outcome] = await Promise.allSettled([adapter.call({ url: url + target, ...rest })]);
      const [span] = await recorder.take(1);
      assert(span);
      return { outcome, span, url, port: Number(new URL(url).port) };
    });

  const parent = (name = 'caller') => trace.getTracer('suite').startSpan(name);
  const within = <T>(span: ReturnType<typeof parent>, run: () => T): T =>
    context.with(trace.setSpan(context.active(), span), run);

  const ok: Peer = (_request, response) => response.end('ok');
  const echo: Peer = (request, response) => response.end(JSON.stringify(request.headers));
  const silent = () => {
    const { promise: arrived, resolve } = Promise.withResolvers<void>();
    return { arrived, peer: (() => resolve()) as Peer };
  };
  const assertFailed = (span: RecordedSpan) => {
    assert.equal(span.status.code, SpanStatusCode.ERROR);
    assert.equal(typeof span.attributes[ATTR.errorType], 'string');
    assert.notEqual(span.attributes[ATTR.errorType], '');
  };
  const fulfilled = (outcome: PromiseSettledResult<{ status: number; body: string }>) => {
    assert(outcome.status === 'fulfilled', String((outcome as PromiseRejectedResult).reason));
    return outcome.value;
  };
  const thrower = () => {
    throw new Error('a hook of the user failed');
  };

  const tests = {
    'a call is one CLIENT span with the attributes of the conventions': async () => {
      const { span, url, port, outcome } = await callOne(ok, {}, { target: '/songs?page=2' });
      assert.deepEqual(fulfilled(outcome), { status: 200, body: 'ok' });
      assert.equal(span.name, 'GET');
      assert.equal(span.kind, SpanKind.CLIENT);
      assert.equal(span.status.code, SpanStatusCode.UNSET);
      assert.equal(span.attributes[ATTR.httpRequestMethod], 'GET');
      assert.equal(span.attributes[ATTR.urlFull], `${url}/songs?page=2`);
      assert.equal(span.attributes[ATTR.serverAddress], '127.0.0.1');
      assert.equal(span.attributes[ATTR.serverPort], port);
      assert.equal(span.attributes[ATTR.httpResponseStatusCode], 200);
    },
    'the method is in the name': async () => {
      const { span } = await callOne(ok, {}, { method: 'DELETE' });
      assert.equal(span.name, 'DELETE');
      assert.equal(span.attributes[ATTR.httpRequestMethod], 'DELETE');
    },
    "the context goes out with the request, beside the program's own headers": async () => {
      const { span, outcome } = await callOne(echo, {}, { headers: { 'x-own': 'kept' } });
      const headers = JSON.parse(fulfilled(outcome).body) as Record<string, string>;
      assert.equal(headers.traceparent, `00-${span.traceId}-${span.spanId}-01`);
      assert.equal(headers['x-own'], 'kept');
    },
    "the program's headers object is not changed": async () => {
      const headers = Object.freeze({ 'x-own': 'kept' });
      const { outcome } = await callOne(ok, {}, { headers });
      fulfilled(outcome);
      assert.deepEqual(headers, { 'x-own': 'kept' });
    },
    'a span that is current is the parent': async () => {
      await calling(ok, {}, async (url) => {
        const caller = parent();
        await within(caller, () => adapter.call({ url }));
        caller.end();
        const [first, client] = await recorder.take(2);
        assert.equal(client?.parentSpanId, first?.spanId);
      });
    },
    "the answer is handled in the caller's context": async () => {
      await calling(ok, {}, async (url) => {
        const caller = parent();
        const seen: string[] = [];
        await within(caller, async () => {
          await adapter.call({ url, onAnswer: () => seen.push(currentSpanId()) });
          seen.push(currentSpanId());
        });
        caller.end();
        const [{ spanId } = { spanId: '' }] = await recorder.take(2);
        assert.deepEqual(seen, [spanId, spanId]);
      });
    },
    'calls at the same time never see each other': async () => {
      const both = meeting(2);
      const slowEcho: Peer = (request, response) => void both().then(() => echo(request, response));
      await calling(slowEcho, {}, async (url) => {
        const callers = [parent('first'), parent('second')];
        const bodies = await Promise.all(
          callers.map((caller) =>
            within(caller, async () => {
              const { body } = await adapter.call({ url });
              assert.equal(currentSpanId(), caller.spanContext().spanId);
              caller.end();
              return JSON.parse(body) as Record<string, string>;
            }),
          ),
        );
        const spans = await recorder.take(4);
        for (const [index, caller] of callers.entries()) {
          const client = spans.find((span) => span.parentSpanId === caller.spanContext().spanId);
          assert(client);
          assert.equal(bodies[index]?.traceparent, `00-${client.traceId}-${client.spanId}-01`);
        }
      });
    },
    'an answer of 404 is an error of the client': async () => {
      const { span } = await callOne((_request, response) => response.writeHead(404).end());
      assert.equal(span.status.code, SpanStatusCode.ERROR);
      assert.equal(span.attributes[ATTR.errorType], '404');
      assert.equal(span.attributes[ATTR.httpResponseStatusCode], 404);
    },
    'so is one of 500': async () => {
      const { span } = await callOne((_request, response) => response.writeHead(500).end());
      assert.equal(span.attributes[ATTR.errorType], '500');
    },
    'a refused connection fails the span, and the program gets its error': async () => {
      const server = await listen(ok);
      await server.close();
      await tracing(adapter, { ...adapter.options }, async () => {
        await assert.rejects(adapter.call({ url: server.url }));
        const [span] = await recorder.take(1);
        assert(span);
        assertFailed(span);
        assert.equal(span.attributes[ATTR.httpResponseStatusCode], undefined);
      });
    },
    'a connection that breaks before the answer fails the span': async () => {
      const { span, outcome } = await callOne((request) => request.socket.destroy());
      assert.equal(outcome.status, 'rejected');
      assertFailed(span);
    },
    'an abort by the program fails the span': async () => {
      const { arrived, peer } = silent();
      const abort = new AbortController();
      void arrived.then(() => abort.abort());
      const { span, outcome } = await callOne(peer, {}, { signal: abort.signal });
      assert.equal(outcome.status, 'rejected');
      assertFailed(span);
    },
    'a body that breaks off in the middle fails the span': async () => {
      const { span, outcome } = await callOne((_request, response) => {
        response.writeHead(200, { 'content-length': '1000' });
        response.write('half', () => response.destroy());
      });
      assert.equal(outcome.status, 'rejected');
      assertFailed(span);
      assert.equal(span.attributes[ATTR.httpResponseStatusCode], 200);
    },
    'a body that is thrown away unread ends the span': async () => {
      const { span } = await callOne(
        (_request, response) => response.end('x'.repeat(200_000)),
        {},
        {
          body: 'discard',
        },
      );
      assert.equal(span.attributes[ATTR.httpResponseStatusCode], 200);
    },
    'where tracing is suppressed there is no span and no header': async () => {
      await calling(echo, {}, async (url) => {
        const { body } = await context.with(suppressTracing(context.active()), () => adapter.call({ url }));
        assert(!body.includes('traceparent'));
      });
    },
    'an unsampled call records nothing and still carries its ids on': async () => {
      recorder.sampling = 'none';
      await calling(echo, {}, async (url) => {
        const caller = parent();
        const { body } = await within(caller, () => adapter.call({ url }));
        const { traceparent } = JSON.parse(body) as { traceparent?: string };
        assert.match(traceparent ?? '', new RegExp(`^00-${caller.spanContext().traceId}-[0-9a-f]{16}-00$`));
        assert.equal(recorder.wastedCalls, 0);
      });
    },
    'hooks that throw hurt nobody': async () => {
      const hooks = { outgoingRequestHook: thrower, outgoingResponseHook: thrower };
      const { span, outcome } = await callOne(ok, { ...hooks, ignoreOutgoingRequestHook: thrower });
      fulfilled(outcome);
      assert.equal(span.attributes[ATTR.httpResponseStatusCode], 200);
    },
    'an ignored call has no span': async () => {
      await calling(ok, { ignoreOutgoingRequestHook: () => true }, async (url) => {
        assert.equal((await adapter.call({ url })).body, 'ok');
      });
    },
    'with requireParentforOutgoingSpans a call of nobody has no span': async () => {
      await calling(ok, { requireParentforOutgoingSpans: true }, async (url) => {
        await adapter.call({ url });
        const caller = parent();
        await within(caller, () => adapter.call({ url }));
        caller.end();
        await recorder.take(2);
      });
    },
    'secrets in the query and credentials are not in the URL': async () => {
      const { span, url } = await callOne(ok, {}, { target: '/file?sig=s3cr3t&size=2' });
      assert.equal(span.attributes[ATTR.urlFull], `${url}/file?sig=REDACTED&size=2`);
    },
    'headers are recorded only if they were asked for': async () => {
      const options = {
        capturedOutgoingRequestHeaders: ['X-Asked'],
        capturedOutgoingResponseHeaders: ['X-Given'],
      };
      const peer: Peer = (_request, response) => response.writeHead(200, { 'x-given': 'c' }).end();
      const { span } = await callOne(peer, options, { headers: { 'x-asked': 'a', 'x-other': 'b' } });
      assert.deepEqual(span.attributes['http.request.header.x-asked'], ['a']);
      assert.deepEqual(span.attributes['http.response.header.x-given'], ['c']);
      assert(!Object.keys(span.attributes).some((key) => key.endsWith('x-other')));
    },
    'after disable() calls are made as if there were no plugin': async () => {
      await tracing(adapter, { ...adapter.options }, async (subject) => {
        const server = await listen(echo);
        subject.disable();
        assert(!(await adapter.call({ url: server.url })).body.includes('traceparent'));
        subject.enable();
        assert((await adapter.call({ url: server.url })).body.includes('traceparent'));
        await recorder.take(1);
        await server.close();
        await laterTurn();
      });
    },
    'a second instance adds nothing': async () => {
      await calling(ok, {}, async (url) => {
        const second = adapter.instrument(adapter.options);
        await adapter.call({ url });
        await recorder.take(1);
        second.disable();
      });
    },
    ...shapeTests(adapter),
  };
  runSuite({ name: `${adapter.name} as an HTTP client`, skips: adapter.skips, recorder, tests });
}
