import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import { currentSpanId, injected, listenOn, recordSpans, whileServing, within } from '@clew/testing';
import { trace } from '@opentelemetry/api';
import { tracedHttp } from './traced-http.ts';

const recorder = recordSpans();
const plugin = tracedHttp();

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const TRACEPARENT = `00-${TRACE_ID}-00f067aa0ba902b7-01`;
const EVENTS = ['upgrade', 'connect'] as const;
type Event = (typeof EVENTS)[number];

/** The text of a handshake. */
function head(event: Event, headers: readonly string[]): string {
  const lines =
    event === 'connect'
      ? ['CONNECT shop.test:443 HTTP/1.1', 'Host: shop.test:443']
      : ['GET /chat HTTP/1.1', 'Host: shop.test', 'Connection: Upgrade', 'Upgrade: chat'];
  return [...lines, ...headers, '', ''].join('\r\n');
}

/** The results of `look` in the listener of the event, and at two packets and the end of its socket. */
async function seenBy(event: Event, look: () => string, headers: readonly string[]): Promise<string[]> {
  const seen: string[] = [];
  const server = http.createServer();
  server.on(event, (_request: http.IncomingMessage, socket: Duplex) => {
    seen.push(look());
    socket.on('data', () => {
      seen.push(look());
      socket.write('next');
    });
    socket.on('end', () => {
      seen.push(look());
      socket.end();
    });
    socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
  });
  // Like an application that starts to listen inside a span.
  const starting = trace.getTracer('test').startSpan('start');
  const listening = within(starting, () => listenOn(server));
  await whileServing(listening, async (url) => {
    starting.end();
    await recorder.take(1);
    const socket = net.connect(Number(new URL(url).port), '127.0.0.1');
    socket.write(head(event, headers));
    for (const packet of ['one', 'two']) {
      await once(socket, 'data');
      socket.write(packet);
    }
    await once(socket, 'data');
    socket.end().resume();
    await once(socket, 'close');
  });
  return seen;
}

const outgoing = () => injected().traceparent ?? 'none';

describe.each(EVENTS)('a listener for %s', (event) => {
  test('runs in the context of the handshake, and so do the events of its socket', async () => {
    const seen = await seenBy(event, outgoing, [`Traceparent: ${TRACEPARENT}`]);
    expect(seen).toEqual(Array(4).fill(TRACEPARENT));
  });

  test('runs in the root context without a received one, not in the context of listen()', async () => {
    expect(await seenBy(event, currentSpanId, [])).toEqual(Array(4).fill('none'));
  });

  test('gets no context from an untrusted caller', async () => {
    plugin().setConfig({ trust: 'ignore' });
    expect(await seenBy(event, outgoing, [`Traceparent: ${TRACEPARENT}`])).toEqual(Array(4).fill('none'));
  });

  test('is untraced with disableIncomingRequestInstrumentation', async () => {
    plugin().setConfig({ disableIncomingRequestInstrumentation: true });
    const seen = await seenBy(event, outgoing, [`Traceparent: ${TRACEPARENT}`]);
    expect(seen).not.toContain(TRACEPARENT);
  });
});

test('work for a message of an upgraded socket is a child of the caller', async () => {
  const work = () => {
    trace.getTracer('test').startSpan('message').end();
    return '';
  };
  const server = http.createServer();
  server.on('upgrade', (_request, socket: Duplex) => {
    socket.on('data', work).end('HTTP/1.1 101 Switching Protocols\r\n\r\n');
  });
  await whileServing(listenOn(server), async (url) => {
    const socket = net.connect(Number(new URL(url).port), '127.0.0.1');
    socket.write(head('upgrade', [`Traceparent: ${TRACEPARENT}`]));
    await once(socket, 'data');
    socket.end('message');
    const [span] = await recorder.take(1);
    expect(span).toMatchObject({ traceId: TRACE_ID, parentSpanId: '00f067aa0ba902b7' });
  });
});

test('an upgraded socket has no visible new properties', async () => {
  const keys: string[][] = [];
  const server = http.createServer();
  server.on('upgrade', (request, socket: Duplex) => {
    keys.push(Object.keys(socket), Object.keys(request));
    socket.destroy();
  });
  await whileServing(listenOn(server), async (url) => {
    for (const disabled of [false, true]) {
      plugin().setConfig({ disableIncomingRequestInstrumentation: disabled });
      const socket = net.connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {});
      socket.write(head('upgrade', []));
      await once(socket, 'close');
    }
  });
  const [socket, request, plainSocket, plainRequest] = keys;
  expect([socket, request]).toEqual([plainSocket, plainRequest]);
});
