import { DiagLogLevel, diag } from '@opentelemetry/api';
import { type OtlpExporterOptions, TracerProvider } from '../src/index.ts';
import { type Collector, startCollector, status } from './collector.ts';
import { attributesOf, spansOf } from './otlp-decoder.ts';

const KIB = 1024;

let collector: Collector;
const providers: TracerProvider[] = [];
const warnings: string[] = [];

beforeEach(async () => {
  collector = await startCollector();
  warnings.length = 0;
  const ignore = () => {};
  const logger = {
    error: ignore,
    warn: (text: string) => void warnings.push(text),
    info: ignore,
    debug: ignore,
    verbose: ignore,
  };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
});
afterEach(async () => {
  await Promise.all(providers.splice(0).map((provider) => provider.shutdown({ timeoutMs: 20 })));
  await collector.close();
  diag.disable();
});

function makeProvider(exporter: OtlpExporterOptions = {}): TracerProvider {
  const provider = new TracerProvider({ exporter: { url: collector.url, retryDelayMs: 10, ...exporter } });
  providers.push(provider);
  return provider;
}

test('sends from a queue smaller than a batch before it is full', async () => {
  const provider = makeProvider({ maxQueueBytes: 64 * KIB, scheduleDelayMs: 600_000 });
  const attributes = { text: 'x'.repeat(KIB) };
  for (let i = 0; i < 40; i++) provider.getTracer('t').startSpan('s', { attributes }).end();
  await collector.requests(1);
  expect(spansOf(collector.received[0]!.request).length).toBeGreaterThan(20);
  expect(provider.stats().dropped.queueFull).toBe(0);
});

describe('with an unreachable receiver', () => {
  const down = { url: 'http://127.0.0.1:1/', maxQueueBytes: 64 * KIB, maxBatchBytes: 16 * KIB };

  test('uses no more memory than the queue may hold', async () => {
    const provider = makeProvider(down);
    const tracer = provider.getTracer('t');
    for (let i = 0; i < 20_000; i++) {
      tracer.startSpan('s', { attributes: { 'some.key': 'some value' } }).end();
      expect(provider.stats().bytesQueued).toBeLessThanOrEqual(64 * KIB + 2 * KIB);
      if (i % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const { spansEnded, spansQueued, dropped } = provider.stats();
    expect(dropped.queueFull).toBeGreaterThan(15_000);
    expect(spansQueued).toBeGreaterThan(100);
    expect(spansQueued + dropped.queueFull).toBe(spansEnded);
  });

  test('drops a span that would exceed the limit', () => {
    const provider = makeProvider({ ...down, maxBatchBytes: 128 * KIB });
    const attributes = { text: 'x'.repeat(20 * KIB) };
    for (let i = 0; i < 5; i++) provider.getTracer('t').startSpan('s', { attributes }).end();
    provider.getTracer('t').startSpan('small').end();
    expect(provider.stats()).toMatchObject({ spansQueued: 4, dropped: { queueFull: 2 } });
    expect(provider.stats().bytesQueued).toBeLessThanOrEqual(64 * KIB);
  });

  test('logs one warning, not one for each span', () => {
    const provider = makeProvider(down);
    for (let i = 0; i < 5000; i++) provider.getTracer('t').startSpan('s').end();
    expect(warnings.filter((text) => text.includes('queueFull'))).toHaveLength(1);
    expect(warnings[0]).toMatch(/^@clew\/tracer: /);
  });

  test('a logger that throws does not affect the application', () => {
    const broken = () => {
      throw new Error('disk full');
    };
    diag.setLogger(
      { error: broken, warn: broken, info: broken, debug: broken, verbose: broken },
      { suppressOverrideMessage: true },
    );
    const provider = makeProvider(down);
    for (let i = 0; i < 5000; i++) provider.getTracer('t').startSpan('s').end();
    expect(provider.stats().dropped.queueFull).toBeGreaterThan(0);
  });
});

test('exports, drops with a cause, or queues every span, whatever the receiver does', async () => {
  collector.respondWith(status(200), status(400), status(503), status(200), status(429), status(404));
  const provider = makeProvider({ maxQueueBytes: 64 * KIB, maxBatchBytes: 8 * KIB, scheduleDelayMs: 1 });
  for (let i = 0; i < 3000; i++) {
    provider
      .getTracer(`scope ${i % 7}`)
      .startSpan('s', { attributes: { i } })
      .end();
    if (i % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await provider.forceFlush();
  const { spansEnded, spansExported, spansQueued, dropped } = provider.stats();
  expect(spansEnded).toBe(3000);
  expect(spansQueued).toBe(0);
  expect(dropped.rejected).toBeGreaterThan(0);
  expect(spansExported + Object.values(dropped).reduce((a, b) => a + b)).toBe(3000);
});

describe.each(['http/protobuf', 'http/json'] as const)('a span larger than a batch (%s)', (protocol) => {
  const small = { protocol, maxBatchBytes: 4096 };
  const cases: [string, (provider: TracerProvider) => void][] = [
    [
      'one attribute',
      (p) =>
        p
          .getTracer('t')
          .startSpan('large', { attributes: { big: 'x'.repeat(1_000_000) } })
          .end(),
    ],
    [
      'many attributes',
      (p) =>
        p
          .getTracer('t')
          .startSpan('large', {
            attributes: Object.fromEntries(Array.from({ length: 128 }, (_, i) => [`k${i}`, 'ä'.repeat(60)])),
          })
          .end(),
    ],
    [
      'a list',
      (p) =>
        p
          .getTracer('t')
          .startSpan('large', { attributes: { big: new Array(10_000).fill('x') } })
          .end(),
    ],
    ['an event', (p) => p.getTracer('t').startSpan('large').addEvent('x'.repeat(10_000)).end()],
    [
      'a status',
      (p) =>
        p
          .getTracer('t')
          .startSpan('large')
          .setStatus({ code: 2, message: 'x'.repeat(10_000) })
          .end(),
    ],
  ];

  test.each(cases)('with %s is exported without it and counted', async (_, make) => {
    const provider = makeProvider(small);
    provider.getTracer('t').startSpan('before').end();
    make(provider);
    provider.getTracer('t').startSpan('after').end();
    await provider.forceFlush();
    const spans = collector.spans();
    expect(spans.map(({ name }) => name)).toEqual(['before', 'large', 'after']);
    expect(spans[1]!.attributes ?? []).toEqual([]);
    expect(collector.received.every(({ bytes }) => bytes <= 4096 + KIB)).toBe(true);
    expect(provider.stats()).toMatchObject({ spansExported: 3, spansTruncated: 1 });
    const dropped =
      (spans[1]!.droppedAttributesCount ?? 0) +
      (spans[1]!.droppedEventsCount ?? 0) +
      (spans[1]!.status?.message?.length ?? 0);
    expect(dropped).toBeGreaterThan(0);
  });

  test('with a huge name is exported with the beginning of the name', async () => {
    const provider = makeProvider(small);
    provider.getTracer('t').startSpan('n'.repeat(100_000)).end();
    await provider.forceFlush();
    expect(collector.spans()[0]!.name).toBe('n'.repeat(1024));
  });
});

test('omits a trace state that throws, and exports its span', async () => {
  const serialize = () => {
    throw new Error('broken');
  };
  const traceState = { serialize } as never;
  const sampler = { shouldSample: () => ({ decision: 2 as const, traceState }), toString: () => 'S' };
  const broken = new TracerProvider({ exporter: { url: collector.url }, sampler });
  providers.push(broken);
  broken.getTracer('t').startSpan('s').end();
  await broken.forceFlush();
  const [span] = spansOf(collector.received[0]!.request);
  expect(span).toMatchObject({ name: 's' });
  expect(span).not.toHaveProperty('traceState');
});

test('an ended span keeps only its identity', () => {
  const provider = makeProvider();
  const span = provider.getTracer('t').startSpan('s', { attributes: { big: 'x'.repeat(1000) } });
  span.addEvent('e').addLink({ context: span.spanContext() });
  span.end();
  expect(span).toMatchObject({ attributes: {}, events: [], links: [] });
  expect(span.spanContext().spanId).toMatch(/^[0-9a-f]{16}$/);
});

test('does not keep an unlimited number of tracers', async () => {
  const provider = makeProvider();
  const last = () => provider.getTracer('name 1999');
  for (let i = 0; i < 2000; i++) provider.getTracer(`name ${i}`).startSpan('s').end();
  expect(last()).not.toBe(last());
  await provider.forceFlush();
  expect(collector.spans()).toHaveLength(2000);
});

test('sends a large resource completely', async () => {
  const provider = new TracerProvider({
    exporter: { url: collector.url },
    resource: { big: 'x'.repeat(100_000) },
  });
  providers.push(provider);
  provider.getTracer('t').startSpan('s').end();
  await provider.forceFlush();
  const { attributes } = collector.received[0]!.request.resourceSpans[0]!.resource;
  expect(attributesOf(attributes).big).toHaveLength(100_000);
});
