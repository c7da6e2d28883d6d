/** @jest-environment jsdom */
import { TextDecoder } from 'node:util';
import { TracerProvider } from '../src/index.ts';
import type { Collector } from './collector.ts';

let collector: Collector;

beforeEach(async () => {
  // The collector's decoder needs it, and jsdom does not provide it.
  Object.assign(globalThis, { TextDecoder });
  const { startCollector } = await import('./collector.ts');
  collector = await startCollector();
});
afterEach(() => collector.close());

describe("in the globals of a browser (jest's environment jsdom)", () => {
  test('timers are numbers', () => {
    expect(typeof setTimeout(() => {}, 0)).toBe('number');
  });

  test.each(['http/protobuf', 'http/json'] as const)('spans are exported over %s', async (protocol) => {
    const provider = new TracerProvider({
      exporter: { url: collector.url, protocol, scheduleDelayMs: 10 },
      resource: { 'service.name': 'page' },
    });
    const before = Date.now();
    const startTime = new Date(before - 1000);
    const span = provider.getTracer('t').startSpan('s', { startTime, attributes: { list: ['a', 'ü'] } });
    span.recordException(new TypeError('on purpose'));
    span.end();
    await collector.requests(1);
    const [exported] = collector.spans();
    expect(exported).toMatchObject({ name: 's', events: [{ name: 'exception' }] });
    expect(Number(BigInt(exported!.startTimeUnixNano!) / 1_000_000n)).toBe(before - 1000);
    expect(Number(BigInt(exported!.endTimeUnixNano!) / 1_000_000n)).toBeGreaterThan(before - 5);
    await provider.shutdown();
    expect(provider.stats()).toMatchObject({ spansExported: 1, spansQueued: 0 });
  });
});
