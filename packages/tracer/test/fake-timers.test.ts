import { TracerProvider } from '../src/index.ts';
import { type Collector, startCollector, status } from './collector.ts';

let collector: Collector;
let provider: TracerProvider;

beforeEach(async () => {
  collector = await startCollector();
  provider = new TracerProvider({ exporter: { url: collector.url, scheduleDelayMs: 20, retryDelayMs: 10 } });
});
afterEach(async () => {
  jest.useRealTimers();
  await provider.shutdown({ timeoutMs: 100 });
  await collector.close();
});

const end = (name: string) => provider.getTracer('t').startSpan(name).end();
const unixMs = (nanos: string | number | undefined) => Number(BigInt(nanos ?? 0) / 1_000_000n);

describe.each([
  ['modern', { now: 0 }],
  ['legacy', { legacyFakeTimers: true as const }],
])("jest's %s fake timers", (_, options) => {
  test('do not stop the export when installed briefly', async () => {
    jest.useFakeTimers(options);
    end('faked');
    jest.useRealTimers();
    await collector.requests(1);
    end('real');
    await collector.requests(2);
    expect(collector.spans().map(({ name }) => name)).toEqual(['faked', 'real']);
  });

  test('do not stop the export, a retry or a flush when never advanced', async () => {
    collector.respondWith(status(503));
    jest.useFakeTimers(options);
    end('exported');
    await collector.requests(2);
    end('flushed');
    await provider.forceFlush();
    expect(collector.spans().map(({ name }) => name)).toEqual(['exported', 'exported', 'flushed']);
  });

  test('do not delay a flush beyond its timeout', async () => {
    collector.respondWith(() => {});
    jest.useFakeTimers(options);
    end('s');
    await provider.forceFlush({ timeoutMs: 50 });
    expect(provider.stats().spansQueued).toBe(1);
  });

  test('do not change the times of spans', async () => {
    const before = Date.now();
    jest.useFakeTimers(options);
    const span = provider.getTracer('t').startSpan('s');
    jest.advanceTimersByTime(3_600_000);
    span.addEvent('e').end();
    await provider.forceFlush();
    jest.useRealTimers();
    const [exported] = collector.spans();
    const times = [
      exported?.startTimeUnixNano,
      exported?.events?.[0]?.timeUnixNano,
      exported?.endTimeUnixNano,
    ].map(unixMs);
    for (const time of times) expect(time).toBeGreaterThan(before - 5);
    for (const time of times) expect(time).toBeLessThan(Date.now() + 5);
  });

  test('do not change the times of spans when installed before Clew is loaded', async () => {
    const before = Date.now();
    jest.useFakeTimers(options);
    await jest.isolateModulesAsync(async () => {
      const { TracerProvider: Later } = await import('../src/index.ts');
      const later = new Later({ exporter: { url: collector.url } });
      later.getTracer('t').startSpan('s').end();
      await later.shutdown();
    });
    const [span] = collector.spans();
    expect(unixMs(span?.startTimeUnixNano)).toBeGreaterThan(before - 5);
  });
});
