import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { isTracingSuppressed } from '@clew/core';
import { ATTR } from '@clew/core/plugin';
import { context, propagation } from '@opentelemetry/api';
import { openRequest, send } from './raw-http.ts';
import type { Recorder } from './recorder.ts';
import { barrier, currentSpanId, injected } from './subject.ts';
import type { SuiteHandler, SuiteRequest } from './suite-server.ts';

type Serving = (
  handler: SuiteHandler,
  options: object,
  work: (url: string) => Promise<void>,
) => Promise<void>;

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const REQUEST_EVENTS = ['data', 'end', 'close'] as const;

/** Records each event of a request with the span that is current in its listener: `data a1b2…`. */
class Watch {
  readonly seen: string[] = [];
  readonly #current: () => string;
  readonly #occurrences = new Map<string, PromiseWithResolvers<void>>();

  constructor(current: () => string) {
    this.#current = current;
  }

  /** Resolves when a listener for the event was called on this path. */
  called(path: string, event: string): Promise<void> {
    return this.#occurrence(path, event).promise;
  }

  /** Listens to the events of a request and to the close of its response. */
  listen({ target, incoming, outgoing }: SuiteRequest): void {
    assert(outgoing, 'expected `outgoing` from the adapter: use requestListener(), or set it');
    for (const event of REQUEST_EVENTS) incoming.on(event, () => this.#note(target, event));
    outgoing.on('close', () => this.#note(target, 'response close'));
  }

  #note(path: string, event: string): void {
    this.seen.push(`${path} ${event} ${this.#current()}`);
    this.#occurrence(path, event).resolve();
  }

  #occurrence(path: string, event: string): PromiseWithResolvers<void> {
    const key = `${path} ${event}`;
    const occurrence = this.#occurrences.get(key) ?? Promise.withResolvers<void>();
    this.#occurrences.set(key, occurrence);
    return occurrence;
  }
}

/** A request's head, and the first two of its four bytes. */
function head(path: string, headers: readonly string[] = []): string {
  const lines = [`POST ${path} HTTP/1.1`, 'Host: suite', 'Content-Length: 4', ...headers];
  return `${lines.join('\r\n')}\r\n\r\nab`;
}

/** Sends a request in two packets. The second one is sent when the application has read the first. */
async function sendSlowly(
  socket: Socket,
  watch: Watch,
  path: string,
  headers?: readonly string[],
): Promise<void> {
  socket.write(head(path, headers));
  await watch.called(path, 'data');
  socket.write('cd');
  await watch.called(path, 'response close');
}

/** A connection whose first request has ended. */
async function connect(url: string): Promise<Socket> {
  const socket = await openRequest(`${url}/first`, { headers: { connection: 'keep-alive' } });
  socket.resume();
  return socket;
}

const all = (path: string, id: string | undefined) =>
  ['data', 'data', 'end', 'close', 'response close'].map((event) => `${path} ${event} ${id}`).sort();

/** Tests that requests on a shared connection have their own context and addresses. */
export function serverContextTests(
  serving: Serving,
  recorder: Recorder,
): Record<string, () => Promise<void>> {
  /** Records the events of all requests except `/first`. Ends a response when its request has ended. */
  const served =
    (watch: Watch): SuiteHandler =>
    async (request) => {
      if (request.target === '/first') return {};
      watch.listen(request);
      await once(request.incoming, 'end');
      return {};
    };

  return {
    "a body in several packets is read in the span's context, to the end": async () => {
      const watch = new Watch(currentSpanId);
      await serving(served(watch), {}, async (url) => {
        const socket = await connect(url);
        await sendSlowly(socket, watch, '/a');
        await sendSlowly(socket, watch, '/b');
        socket.destroy();
        const [, a, b] = await recorder.take(3);
        assert.notEqual(a?.spanId, b?.spanId);
        assert.deepEqual(watch.seen.toSorted(), [...all('/a', a?.spanId), ...all('/b', b?.spanId)]);
      });
    },
    'pipelined requests are each read in the context of their own span': async () => {
      const watch = new Watch(currentSpanId);
      await serving(served(watch), {}, async (url) => {
        const socket = await connect(url);
        socket.write(`${head('/a')}cd${head('/b')}`);
        await watch.called('/b', 'data');
        socket.write('cd');
        await watch.called('/b', 'response close');
        socket.destroy();
        const spans = await recorder.take(3);
        const of = (path: string) => spans.find(({ attributes }) => attributes['url.path'] === path)?.spanId;
        const ids = new Set(watch.seen.map((line) => line.split(' ').at(-1)));
        assert.deepEqual(ids, new Set([of('/a'), of('/b')]));
        for (const line of watch.seen) assert(line.endsWith(` ${of(line.slice(0, 2))}`), line);
      });
    },
    'an unsampled request is read in its extracted context': async () => {
      recorder.sampling = 'none';
      const watch = new Watch(tenant);
      await serving(served(watch), {}, async (url) => {
        const socket = await connect(url);
        await sendSlowly(socket, watch, '/a', ['Baggage: tenant=acme']);
        await sendSlowly(socket, watch, '/b', ['Baggage: tenant=other']);
        socket.destroy();
        assert.deepEqual(watch.seen.toSorted(), [...all('/a', 'acme'), ...all('/b', 'other')]);
        assert.equal(recorder.wastedCalls, 0);
      });
    },
    'an ignored request is read in its extracted context': async () => {
      const watch = new Watch(() => injected().traceparent ?? 'none');
      const options = { ignoreIncomingRequestHook: () => true };
      await serving(served(watch), options, async (url) => {
        const socket = await connect(url);
        await sendSlowly(socket, watch, '/a', [`Traceparent: ${TRACEPARENT}`]);
        socket.destroy();
        assert.deepEqual(watch.seen.toSorted(), all('/a', TRACEPARENT));
      });
    },
    "the close events of a client that disconnects are emitted in the span's context": async () => {
      const watch = new Watch(currentSpanId);
      const both = barrier(2);
      const never: SuiteHandler = (request) => {
        watch.listen(request);
        void both();
        return new Promise(() => {});
      };
      await serving(never, {}, async (url) => {
        const headers = { connection: 'keep-alive', 'content-length': '4' };
        const socket = await openRequest(`${url}/a`, { method: 'POST', headers, body: 'ab' });
        await Promise.all([both(), watch.called('/a', 'data')]);
        socket.destroy();
        await Promise.all([watch.called('/a', 'close'), watch.called('/a', 'response close')]);
        const [span] = await recorder.take(1);
        const expected = ['data', 'close', 'response close'].map((event) => `/a ${event} ${span?.spanId}`);
        assert.deepEqual(watch.seen.toSorted(), expected.sort());
      });
    },
    'each request on a connection has the address of its own client': async () => {
      await serving(
        () => ({}),
        {},
        async (url) => {
          const headers = { connection: 'keep-alive', 'x-forwarded-for': '203.0.113.7' };
          const socket = await openRequest(url, { headers });
          for (const line of ['X-Forwarded-For: 203.0.113.8\r\n', '', 'X-Forwarded-For: 203.0.113.9\r\n']) {
            await once(socket, 'data');
            socket.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n${line}\r\n`);
          }
          await once(socket, 'data');
          socket.destroy();
          const clients = (await recorder.take(4)).map(({ attributes }) => attributes[ATTR.clientAddress]);
          assert.deepEqual(clients, ['203.0.113.7', '203.0.113.8', '127.0.0.1', '203.0.113.9']);
        },
      );
    },
    'tracing can be suppressed inside an ignored request': async () => {
      const options = { ignoreIncomingRequestHook: () => true, suppressTracingInIgnoredRequests: true };
      const handler: SuiteHandler = async ({ incoming }) => {
        const ended = once(incoming.resume(), 'end').then(() => isTracingSuppressed(context.active()));
        const inListener = new Promise((resolve) => {
          incoming.on('end', () => resolve(isTracingSuppressed(context.active())));
        });
        return { body: String([isTracingSuppressed(context.active()), await ended, await inListener]) };
      };
      await serving(handler, options, async (url) => {
        const { body } = await send(url, { headers: { traceparent: TRACEPARENT } });
        assert.equal(body, 'true,true,true');
      });
    },
  };
}

function tenant(): string {
  return propagation.getBaggage(context.active())?.getEntry('tenant')?.value ?? 'none';
}
