import { TracerProvider } from '../src/index.ts';
import { type Collector, startCollector } from './collector.ts';
import { decodeRequest, spansOf } from './otlp-decoder.ts';

let collector: Collector;

beforeEach(async () => {
  collector = await startCollector();
});
afterEach(() => collector.close());

const hang = () => {};

describe('takeUnsent', () => {
  test('returns queued and in-flight batches with their destination', async () => {
    collector.respondWith(hang);
    const provider = new TracerProvider({
      exporter: { url: collector.url, headers: { 'x-key': 'k' }, compression: 'gzip', maxBatchBytes: 4096 },
    });
    for (let i = 0; i < 100; i++) provider.getTracer('t').startSpan('s').end();
    await collector.requests(1);
    const unsent = provider.takeUnsent()!;
    expect(unsent).toMatchObject({
      url: collector.url,
      headers: { 'x-key': 'k', 'content-type': 'application/x-protobuf' },
    });
    expect(unsent.headers['content-encoding']).toBeUndefined();
    expect(unsent.bodies.flatMap((body) => spansOf(decodeRequest(body)))).toHaveLength(100);
    expect(provider.stats()).toMatchObject({
      spansHandedOver: 100,
      spansExported: 0,
      spansQueued: 0,
      bytesQueued: 0,
    });
    expect(provider.takeUnsent()).toBeUndefined();
    await provider.shutdown({ timeoutMs: 20 });
  });

  test('leaves the exporter working', async () => {
    let respond = hang;
    collector.respondWith((response) => {
      respond = () => response.writeHead(200).end();
    });
    const provider = new TracerProvider({ exporter: { url: collector.url, scheduleDelayMs: 1 } });
    provider.getTracer('t').startSpan('taken').end();
    await collector.requests(1);
    expect(provider.takeUnsent()!.bodies).toHaveLength(1);
    provider.getTracer('t').startSpan('later').end();
    const flushed = provider.forceFlush();
    respond();
    await flushed;
    expect(collector.spans().map(({ name }) => name)).toEqual(['taken', 'later']);
    expect(provider.stats()).toMatchObject({
      spansHandedOver: 1,
      spansExported: 1,
      spansQueued: 0,
      bytesQueued: 0,
    });
    await provider.shutdown();
  });

  test('returns undefined without an exporter or spans', () => {
    expect(new TracerProvider({ exporter: false }).takeUnsent()).toBeUndefined();
    expect(new TracerProvider({ exporter: { url: collector.url } }).takeUnsent()).toBeUndefined();
  });
});
