import { AsyncLocalStorage } from 'node:async_hooks';
import { isTracingSuppressed } from '@clew/core';
import { context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { type OtlpExporterOptions, TracerProvider } from '../src/index.ts';
import { type Collector, startCollector } from './collector.ts';

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

describe('a request', () => {
  test('is an OTLP request with the configured headers', async () => {
    const provider = makeProvider({ headers: { 'X-Api-Key': 'secret' } });
    end(provider);
    await provider.forceFlush();
    const [received] = collector.received;
    expect(received).toMatchObject({ method: 'POST', path: '/v1/traces' });
    expect(received!.headers).toMatchObject({
      'content-type': 'application/x-protobuf',
      'content-length': String(received!.bytes),
      'x-api-key': 'secret',
      'user-agent': expect.stringMatching(/^clew-otlp\//),
    });
    expect(received!.headers['content-encoding']).toBeUndefined();
    expect(provider.stats()).toMatchObject({
      spansExported: 1,
      exports: 1,
      retries: 0,
      bytesQueued: 0,
      spansQueued: 0,
      dropped: none,
    });
  });

  test.each(['http/protobuf', 'http/json'] as const)(
    'is compressed with gzip if configured (%s)',
    async (protocol) => {
      const provider = makeProvider({ compression: 'gzip', protocol });
      end(provider, 500);
      await provider.forceFlush();
      expect(collector.received[0]!.headers['content-encoding']).toBe('gzip');
      expect(collector.received[0]!.bytes).toBeLessThan(collector.received[0]!.body.length * 0.7);
      expect(collector.spans()).toHaveLength(500);
    },
  );

  test('reuses the connection of the previous request', async () => {
    const provider = makeProvider();
    for (let i = 0; i < 3; i++) {
      end(provider);
      await provider.forceFlush();
    }
    expect(new Set(collector.received.map(({ socket }) => socket)).size).toBe(1);
  });

  test('is sent after the delay without a flush', async () => {
    const provider = makeProvider({ scheduleDelayMs: 20 });
    end(provider, 3);
    await collector.requests(1);
    expect(collector.spans()).toHaveLength(3);
  });

  test('is sent at once when a batch is full', async () => {
    const provider = makeProvider({ scheduleDelayMs: 600_000, maxBatchBytes: 4096 });
    end(provider, 200);
    await collector.requests(2);
    expect(collector.received.every(({ bytes }) => bytes < 4096 + 1024)).toBe(true);
  });

  test('runs outside the context of the request that ended the span, and is not traced', async () => {
    const storage = new AsyncLocalStorage<string>();
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    const http = process.getBuiltinModule('node:http');
    const seen: unknown[] = [];
    const original = http.request;
    const spy = jest.spyOn(http, 'request').mockImplementation(((...args: Parameters<typeof original>) => {
      seen.push([storage.getStore(), isTracingSuppressed(context.active())]);
      return original(...args);
    }) as typeof original);
    const provider = makeProvider({ scheduleDelayMs: 5, maxBatchBytes: 4096 });
    storage.run('the request', () => end(provider, 100));
    await storage.run('the flush', () => provider.forceFlush());
    spy.mockRestore();
    context.disable();
    expect(seen.length).toBeGreaterThan(1);
    expect(seen.every((one) => JSON.stringify(one) === '[null,true]')).toBe(true);
  });
});
