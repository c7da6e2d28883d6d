import { once } from 'node:events';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { diag } from '@opentelemetry/api';
import { type OtlpExporterOptions, TracerProvider } from '../src/index.ts';
import { type Collector, startCollector, status } from './collector.ts';
import { encodeResponse } from './otlp-decoder.ts';

let collector: Collector;
const providers: TracerProvider[] = [];

beforeEach(async () => {
  collector = await startCollector();
});
afterEach(async () => {
  await Promise.all(providers.splice(0).map((provider) => provider.shutdown({ timeoutMs: 20 })));
  await collector.close();
});

function makeProvider(exporter: OtlpExporterOptions = {}): TracerProvider {
  const provider = new TracerProvider({ exporter: { url: collector.url, retryDelayMs: 10, ...exporter } });
  providers.push(provider);
  return provider;
}

function end(provider: TracerProvider, count = 1): void {
  for (let i = 0; i < count; i++) provider.getTracer('t').startSpan(`s${i}`).end();
}

const none = { queueFull: 0, tooLarge: 0, rejected: 0, retriesExhausted: 0, shutdown: 0, failed: 0 };

describe('a receiver that', () => {
  test.each([429, 502, 503, 504])('responds with %d gets the batch again', async (code) => {
    collector.respondWith(status(code), status(code));
    const provider = makeProvider();
    end(provider, 2);
    await provider.forceFlush();
    expect(collector.received).toHaveLength(3);
    expect(provider.stats()).toMatchObject({ spansExported: 2, retries: 2, dropped: none });
  });

  test.each([
    ['seconds', () => '1'],
    ['a date', () => new Date(Date.now() + 2000).toUTCString()],
  ])('requests a delay in %s gets it, even in a flush', async (_, header) => {
    collector.respondWith((response) => response.writeHead(429, { 'retry-after': header() }).end());
    const provider = makeProvider();
    end(provider);
    await provider.forceFlush();
    const [first, second] = collector.received;
    // A date has whole seconds.
    expect(second!.at - first!.at).toBeGreaterThan(900);
    expect(provider.stats()).toMatchObject({ spansExported: 1, retries: 1 });
  });

  test.each([
    '0',
    '-1',
    '-Infinity',
    '1e-9',
    '0x0',
    'now',
    '',
    'Sun, 06 Nov 1994 08:49:37 GMT',
    'Fri, 01 Jan 2100 00:00:00',
  ])('requests a retry after "%s" gets it no sooner than after our own back-off', async (asked) => {
    const unavailable = status(503, { 'retry-after': asked });
    collector.respondWith(unavailable, unavailable, unavailable);
    const provider = makeProvider({ retryDelayMs: 40 });
    end(provider);
    await provider.forceFlush();
    const times = collector.received.map(({ at }) => at);
    // Half of the delay is random.
    const waits = times.slice(1).map((at, i) => at - times[i]!);
    for (const [i, least] of [20, 40, 80].entries()) expect(waits[i]).toBeGreaterThanOrEqual(least - 2);
    expect(provider.stats()).toMatchObject({ spansExported: 1, retries: 3 });
  });

  test('requests a shorter delay than the back-off receives the retry of a flush after that delay', async () => {
    collector.respondWith(status(503, { 'retry-after': '1' }));
    const provider = makeProvider({ retryDelayMs: 60_000, scheduleDelayMs: 1 });
    end(provider);
    while (provider.stats().retries === 0) await new Promise((resolve) => setImmediate(resolve));
    await Promise.all([provider.forceFlush(), provider.forceFlush()]);
    const [first, second] = collector.received;
    expect(second!.at - first!.at).toBeGreaterThan(990);
    expect(second!.at - first!.at).toBeLessThan(14_000);
    expect(provider.stats()).toMatchObject({ spansExported: 1, retries: 1 });
  });

  test.each(['130', '9'.repeat(40), 'Fri, 01 Jan 2100 00:00:00 GMT'])(
    'requests a delay of "%s" gets two minutes at most',
    async (asked) => {
      collector.respondWith(status(503, { 'retry-after': asked }), status(503, { 'retry-after': asked }));
      const [within, beyond] = [125_000, 119_000].map((retryForMs) => makeProvider({ retryForMs }));
      end(beyond!);
      await beyond!.forceFlush();
      expect(beyond!.stats()).toMatchObject({ retries: 0, dropped: { retriesExhausted: 1 } });
      // It waits if a little more than two minutes are allowed.
      end(within!);
      void within!.forceFlush();
      await collector.requests(2);
      while (within!.stats().retries === 0) await new Promise((resolve) => setImmediate(resolve));
      expect(within!.stats()).toMatchObject({ spansQueued: 1, dropped: none });
    },
  );

  test.each([400, 401, 404, 413, 500, 301])(
    'responds with %d has the batch dropped and counted',
    async (code) => {
      collector.respondWith(status(code));
      const provider = makeProvider();
      end(provider, 3);
      await provider.forceFlush();
      expect(collector.received).toHaveLength(1);
      expect(provider.stats()).toMatchObject({
        spansExported: 0,
        exports: 0,
        retries: 0,
        dropped: { ...none, rejected: 3 },
      });
    },
  );

  test('rejects some spans in protocol buffers has them counted as rejected', async () => {
    collector.respondWith(
      status(200, { 'content-type': 'application/x-protobuf' }, encodeResponse(2, 'too old')),
    );
    const provider = makeProvider();
    end(provider, 5);
    await provider.forceFlush();
    expect(provider.stats()).toMatchObject({
      spansExported: 3,
      exports: 1,
      dropped: { ...none, rejected: 2 },
    });
  });

  test.each([
    '{"partialSuccess":{"rejectedSpans":"2","errorMessage":"too old"}}',
    '{"partialSuccess":{"rejectedSpans":2}}',
  ])('rejects some spans in JSON has them counted as rejected: %s', async (responseBody) => {
    collector.respondWith(status(200, { 'content-type': 'application/json; charset=utf-8' }, responseBody));
    const provider = makeProvider({ protocol: 'http/json' });
    end(provider, 5);
    await provider.forceFlush();
    expect(provider.stats()).toMatchObject({ spansExported: 3, dropped: { ...none, rejected: 2 } });
  });

  test.each([
    [
      'protocol buffers',
      'application/x-protobuf',
      Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
    ],
    ['a truncated message', 'application/x-protobuf', Buffer.from([0x0a, 0x20, 0x08])],
    ['JSON', 'application/json', '{"partialSuccess":'],
    ['JSON of another shape', 'application/json', '[null]'],
    ['HTML', 'text/html', '<h1>welcome</h1>'],
    ['far too much', 'application/json', Buffer.alloc(1_000_000, 0x20)],
    ['an absurd count', 'application/json', '{"partialSuccess":{"rejectedSpans":"1e99"}}'],
    ['a negative count', 'application/json', '{"partialSuccess":{"rejectedSpans":-5}}'],
  ])('responds with 200 and an invalid body (%s) has accepted the batch', async (_, type, body) => {
    collector.respondWith(status(200, { 'content-type': type }, body));
    const provider = makeProvider();
    end(provider, 2);
    await provider.forceFlush();
    end(provider, 2);
    await provider.forceFlush();
    expect(provider.stats()).toMatchObject({ spansExported: 4, exports: 2, retries: 0, dropped: none });
  });

  test('rejects more spans than it got has rejected all of them', async () => {
    collector.respondWith(status(200, { 'content-type': 'application/x-protobuf' }, encodeResponse(900, '')));
    const provider = makeProvider();
    end(provider, 5);
    await provider.forceFlush();
    expect(provider.stats()).toMatchObject({ spansExported: 0, dropped: { ...none, rejected: 5 } });
  });

  test('reports a reason with control characters has them replaced in the log', async () => {
    const warn = jest.fn();
    const ignore = () => {};
    diag.setLogger({ warn, error: ignore, info: ignore, debug: ignore, verbose: ignore });
    const body = JSON.stringify({ partialSuccess: { errorMessage: 'a\u001b[2Jb\nclew error: c' } });
    collector.respondWith(status(200, { 'content-type': 'application/json' }, body));
    const provider = makeProvider();
    end(provider);
    await provider.forceFlush();
    diag.disable();
    expect(warn).toHaveBeenCalledWith('@clew/tracer: the receiver reported: a [2Jb clew error: c');
  });

  test('resets the connection gets the batch again', async () => {
    collector.respondWith((_, { socket }) => socket.resetAndDestroy());
    const provider = makeProvider();
    end(provider);
    await provider.forceFlush();
    expect(provider.stats()).toMatchObject({ spansExported: 1, retries: 1, dropped: none });
  });

  test('closes idle connections loses no spans', async () => {
    const provider = makeProvider();
    for (let i = 0; i < 4; i++) {
      end(provider);
      await provider.forceFlush();
      collector.received.at(-1)!.socket.destroy();
    }
    expect(provider.stats()).toMatchObject({ spansExported: 4, dropped: none });
  });

  test('closes an idle connection before the last chance gets the batch over a new one', async () => {
    const provider = makeProvider();
    end(provider);
    await provider.forceFlush();
    collector.respondWith((_, { socket }) => socket.destroy());
    end(provider);
    await provider.forceFlush({ lastChance: true });
    expect(provider.stats()).toMatchObject({ spansExported: 2, retries: 1, dropped: none });
  });

  test('does not respond gets the batch again after the timeout', async () => {
    collector.respondWith(() => {});
    const provider = makeProvider({ timeoutMs: 100 });
    end(provider);
    await provider.forceFlush();
    expect(provider.stats()).toMatchObject({ spansExported: 1, retries: 1, dropped: none });
  });

  test('responds with 200 and then sends one byte at a time has accepted the batch, and is cut off at the timeout', async () => {
    let drip: NodeJS.Timeout | undefined;
    collector.respondWith((response) => {
      response.writeHead(200, { 'content-length': '1000' });
      drip = setInterval(() => response.write(' '), 10);
    });
    const provider = makeProvider({ timeoutMs: 150 });
    end(provider);
    await provider.forceFlush();
    clearInterval(drip);
    expect(collector.received).toHaveLength(1);
    expect(provider.stats()).toMatchObject({ spansExported: 1, retries: 0 });
  });

  test('does not respond with HTTP has its batch dropped', async () => {
    const sockets: Socket[] = [];
    const server = createTcpServer((socket) => void sockets.push(socket.on('error', () => {}))).listen(
      0,
      '127.0.0.1',
    );
    server.on('connection', (socket) => socket.end('SSH-2.0-OpenSSH\r\n'));
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const provider = makeProvider({ url, retryForMs: 100 });
    end(provider, 2);
    await provider.forceFlush();
    for (const socket of sockets) socket.destroy();
    server.close();
    expect(provider.stats()).toMatchObject({ spansExported: 0, dropped: { ...none, retriesExhausted: 2 } });
  });

  test('is unreachable has the batch dropped after a while, and later batches too', async () => {
    const { url } = collector;
    await collector.close();
    const provider = makeProvider({ url, retryForMs: 60 });
    end(provider, 2);
    await provider.forceFlush();
    expect(provider.stats()).toMatchObject({ spansExported: 0, dropped: { ...none, retriesExhausted: 2 } });
    collector = await startCollector();
  });

  test('becomes reachable again gets the queued spans', async () => {
    const { port, url } = collector;
    await collector.close();
    const provider = makeProvider({ url, scheduleDelayMs: 1 });
    end(provider, 10);
    const flushed = provider.forceFlush();
    while (provider.stats().retries < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    collector = await startCollector(port);
    await flushed;
    expect(collector.spans()).toHaveLength(10);
    expect(provider.stats()).toMatchObject({ spansExported: 10, dropped: none });
  });
});
