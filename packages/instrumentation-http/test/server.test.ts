import { once } from 'node:events';
import http from 'node:http';
import { connect } from 'node:net';
import { currentSpanId, listenOn, openRequest, recordSpans, send, whileServing } from '@clew/testing';
import { SpanStatusCode } from '@opentelemetry/api';
import { tracedHttp } from './traced-http.ts';

const recorder = recordSpans();
const plugin = tracedHttp();

test('a listener for checkContinue runs in the only span of the request', async () => {
  const seen: string[] = [];
  const server = http.createServer((request, response) => {
    seen.push(currentSpanId());
    request.resume().on('end', () => response.end('ok'));
  });
  server.on('checkContinue', (request, response) => {
    seen.push(currentSpanId());
    response.writeContinue();
    server.emit('request', request, response);
  });
  await whileServing(listenOn(server), async (url) => {
    const socket = await openRequest(url, {
      method: 'POST',
      headers: { expect: '100-continue', 'content-length': '4' },
    });
    await once(socket, 'data');
    socket.end('body');
    const [span] = await recorder.take(1);
    expect(seen).toEqual([span?.spanId, span?.spanId]);
    expect(span?.attributes['http.response.status_code']).toBe(200);
  });
});

test('a request with an unsupported expectation has a span too', async () => {
  const server = http.createServer();
  server.on('checkExpectation', (_request, response) => response.writeHead(417).end());
  await whileServing(listenOn(server), async (url) => {
    await send(url, { headers: { expect: 'a miracle' } });
    const [span] = await recorder.take(1);
    expect(span?.attributes['http.response.status_code']).toBe(417);
  });
});

test('a handler that throws ends its span with the error, which is rethrown', async () => {
  const failure = new TypeError('no such song');
  const server = http.createServer(() => {
    throw failure;
  });
  let caught: unknown;
  const emit: (event: string, ...args: unknown[]) => boolean = server.emit;
  server.emit = function (this: http.Server, event: string, ...args: unknown[]) {
    try {
      return emit.call(this, event, ...args);
    } catch (error) {
      caught = error;
      (args[1] as http.ServerResponse).writeHead(503).end();
      return true;
    }
  };
  await whileServing(listenOn(server), async (url) => {
    await send(url);
    const [span] = await recorder.take(1);
    expect(caught).toBe(failure);
    expect(span?.attributes['error.type']).toBe('TypeError');
    expect(span?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'no such song' });
  });
});

test('a client that disconnects during the response ends the span', async () => {
  const server = http.createServer((_request, response) => {
    response.writeHead(200);
    response.write('first part');
  });
  await whileServing(listenOn(server), async (url) => {
    const socket = await openRequest(url);
    await once(socket, 'data');
    socket.destroy();
    const [span] = await recorder.take(1);
    expect(span?.attributes['http.response.status_code']).toBe(200);
  });
});

test('requests on one connection have separate spans', async () => {
  const server = http.createServer((_request, response) => response.end('ok'));
  await whileServing(listenOn(server), async (url) => {
    const socket = await openRequest(url, { headers: { connection: 'keep-alive' } });
    await once(socket, 'data');
    socket.write('GET /second HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n');
    await once(socket, 'close', { signal: AbortSignal.timeout(60_000) });
    const [first, second] = await recorder.take(2);
    expect(first?.traceId).not.toBe(second?.traceId);
    expect(second?.attributes['url.path']).toBe('/second');
  });
});

test('attributes shared by the requests of a connection are updated when they change', async () => {
  const server = http.createServer((_request, response) => response.end('ok'));
  await whileServing(listenOn(server), async (url) => {
    const socket = await openRequest(url, { headers: { connection: 'keep-alive', host: 'one.test' } });
    for (const headers of [
      'one.test',
      'one.test',
      'two.test:81',
      'one.test\r\nX-Forwarded-For: 203.0.113.7',
    ]) {
      await once(socket, 'data');
      socket.write(`GET / HTTP/1.1\r\nHost: ${headers}\r\n\r\n`);
    }
    await once(socket, 'data');
    socket.destroy();
    const spans = await recorder.take(5);
    const told = spans.map(({ attributes }) => [
      attributes['server.address'],
      attributes['server.port'],
      attributes['client.address'],
      attributes['network.peer.address'],
      attributes['network.protocol.version'],
    ]);
    const one = ['one.test', undefined, '127.0.0.1', '127.0.0.1', '1.1'];
    expect(told).toEqual([
      one,
      one,
      one,
      ['two.test', 81, '127.0.0.1', '127.0.0.1', '1.1'],
      ['one.test', undefined, '203.0.113.7', '127.0.0.1', '1.1'],
    ]);
  });
});

test('the span of a request ends even if reading its attributes fails', async () => {
  const server = http.createServer((_request, response) => response.end('ok'));
  server.on('connection', (socket) => {
    Object.defineProperty(socket, 'remoteAddress', {
      get: () => {
        throw new Error('not to be told');
      },
    });
  });
  await whileServing(listenOn(server), async (url) => {
    expect((await send(url)).body).toBe('ok');
    const [span] = await recorder.take(1);
    expect(span?.attributes['http.response.status_code']).toBe(200);
  });
});

test('an absolute target has the same path and the same trust', async () => {
  plugin().setConfig({ trust: [{ path: '/open/*', trace: 'ignore' }, { trace: 'continue' }] });
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const server = http.createServer((_request, response) => response.end('ok'));
  await whileServing(listenOn(server), async (url) => {
    const socket = await openRequest(url, { headers: { connection: 'keep-alive' } });
    const traceparent = `traceparent: 00-${traceId}-00f067aa0ba902b7-01`;
    const lines = [
      'GET http://user:secret@shop.test/open/songs?page=2 HTTP/1.1',
      'Host: shop.test',
      traceparent,
    ];
    socket.resume().write(`${lines.join('\r\n')}\r\nConnection: close\r\n\r\n`);
    await once(socket, 'close', { signal: AbortSignal.timeout(60_000) });
    const [, span] = await recorder.take(2);
    expect(span?.attributes).toMatchObject({ 'url.path': '/open/songs', 'url.query': 'page=2' });
    expect(span?.traceId).not.toBe(traceId);
  });
});

test('pipelined requests have separate spans', async () => {
  const seen: string[] = [];
  const server = http.createServer(async (_request, response) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    seen.push(currentSpanId());
    response.end('ok');
  });
  await whileServing(listenOn(server), async (url) => {
    const socket = await openRequest(url, { headers: { connection: 'keep-alive' } });
    socket.write('GET /second HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n');
    socket.resume();
    await once(socket, 'close');
    const spans = await recorder.take(2);
    expect(new Set(seen)).toEqual(new Set(spans.map(({ spanId }) => spanId)));
  });
});

test('the address of a proxy is not the address of the client', async () => {
  const server = http.createServer((_request, response) => response.end());
  await whileServing(listenOn(server), async (url) => {
    await send(url, { headers: { 'x-forwarded-for': '203.0.113.7, 10.0.0.1', host: 'shop.test:8443' } });
    const [span] = await recorder.take(1);
    expect(span?.attributes).toMatchObject({
      'client.address': '203.0.113.7',
      'network.peer.address': '127.0.0.1',
      'server.address': 'shop.test',
      'server.port': 8443,
    });
  });
});

test('the span of a pipelined request ends if its connection closes first', async () => {
  const COUNT = 20;
  const { promise: all, resolve } = Promise.withResolvers<http.IncomingMessage>();
  let count = 0;
  const server = http.createServer((request) => {
    if (++count === COUNT) resolve(request);
  });
  await whileServing(listenOn(server), async (url) => {
    const { hostname, port, host } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.write(`GET /waiting HTTP/1.1\r\nHost: ${host}\r\n\r\n`.repeat(COUNT));
    const { socket: connection } = await all;
    expect(connection.listenerCount('close')).toBeLessThan(10);
    socket.destroy();
    const spans = await recorder.take(COUNT);
    expect(new Set(spans.map(({ attributes }) => attributes['error.type']))).toEqual(
      new Set(['connection_closed']),
    );
  });
});
