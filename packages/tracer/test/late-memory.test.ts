import { ROOT_CONTEXT, type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import { TracerProvider } from '../src/index.ts';
import { type Collector, startCollector } from './collector.ts';
import { keptSpans } from './kept-spans.ts';
import { endSampler } from './root-sampler.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const inside = (span: Span) => trace.setSpan(ROOT_CONTEXT, span);
const fail = (span: Span) => span.setStatus({ code: SpanStatusCode.ERROR });

let collector: Collector;
beforeAll(async () => {
  collector = await startCollector();
});
beforeEach(() => void collector.received.splice(0));
/** The providers of the test that runs. An open one would retry its exports while other tests run. */
const providers: TracerProvider[] = [];
afterEach(async () => {
  await Promise.all(providers.splice(0).map((provider) => provider.shutdown({ timeoutMs: 1000 })));
});
afterAll(() => collector.close());

function setUp(options: { lateBufferBytes?: number; spanProcessors?: ReturnType<typeof keptSpans>[] } = {}) {
  const exporter = { url: collector.url, maxQueueBytes: 64 * MIB };
  const provider = new TracerProvider({ exporter, sampler: endSampler(), ...options });
  providers.push(provider);
  return { provider, tracer: provider.getTracer('t') };
}

test('100,000 pending traces with a child each use no more than the limit; the oldest lose their spans', async () => {
  const { provider, tracer } = setUp({ lateBufferBytes: MIB });
  const roots: Span[] = [];
  for (let i = 0; i < 100_000; i++) {
    const root = tracer.startSpan(`root ${i}`, {}, ROOT_CONTEXT);
    tracer.startSpan(`child ${i}`, {}, inside(root)).end();
    roots.push(root);
  }
  expect(provider.stats().late).toMatchObject({
    pending: 100_000,
    spans: 1024,
    bytes: MIB,
    incomplete: 100_000 - 1024,
  });
  expect(provider.stats().dropped.lateBufferFull).toBe(100_000 - 1024);
  fail(roots[0]!).end();
  fail(roots.at(-1)!).end();
  for (const root of roots.slice(1, -1)) root.end();
  await provider.forceFlush();
  expect(collector.spans().map(({ name }) => name)).toEqual(['root 0', 'child 99999', 'root 99999']);
  expect(provider.stats().late).toMatchObject({
    pending: 0,
    spans: 0,
    bytes: 0,
    keptAtEnd: 2,
    forgotten: 99_998,
  });
});

test('a trace with 100,000 children uses at most a quarter, keeps the first ones and leaves other traces alone', async () => {
  const { provider, tracer } = setUp({ lateBufferBytes: MIB });
  const other = tracer.startSpan('other', {}, ROOT_CONTEXT);
  tracer.startSpan('child of other', {}, inside(other)).end();
  const root = tracer.startSpan('large', {}, ROOT_CONTEXT);
  for (let i = 0; i < 100_000; i++) tracer.startSpan(`child ${i}`, {}, inside(root)).end();
  const { late, dropped } = provider.stats();
  expect(late!.bytes).toBe(MIB / 4 + KIB);
  expect(late!.spans - 1 + dropped.lateBufferFull).toBe(100_000);
  expect(late!.incomplete).toBe(1);
  fail(root).end();
  fail(other).end();
  await provider.forceFlush();
  const names = collector.spans().map(({ name }) => name);
  expect(names.slice(0, 2)).toEqual(['child 0', 'child 1']);
  expect(names.slice(-3)).toEqual(['large', 'child of other', 'other']);
  expect(names).toHaveLength(late!.spans + 2);
  expect(provider.stats().late).toMatchObject({ spans: 0, bytes: 0 });
});

test('spans of any size are read back unchanged from reused blocks', async () => {
  const { provider, tracer } = setUp({ lateBufferBytes: MIB });
  const text = (length: number) => 'abcdefghij'.repeat(Math.ceil(length / 10)).slice(0, length);
  for (let round = 0; round < 30; round++) {
    const isKept = round % 3 === 0;
    const root = tracer.startSpan('root', {}, ROOT_CONTEXT);
    for (const length of [0, 900, 1, 1024, 2048 + round, 40_000, 3])
      tracer.startSpan(`child of ${length}`, { attributes: { text: text(length) } }, inside(root)).end();
    if (isKept) fail(root);
    root.end();
  }
  await provider.forceFlush();
  const children = collector.spans().filter(({ name }) => name !== 'root');
  expect(children).toHaveLength(70);
  for (const { name, attributes } of children) {
    const length = Number(name!.slice('child of '.length));
    expect(attributes).toEqual([{ key: 'text', value: { stringValue: text(length) } }]);
  }
});

test('a local root that never ends uses memory until other traces need it', async () => {
  const { provider, tracer } = setUp({ lateBufferBytes: 64 * KIB });
  const never = tracer.startSpan('never', {}, ROOT_CONTEXT);
  tracer.startSpan('child', {}, inside(never)).end();
  for (let i = 0; i < 1000; i++) {
    const root = tracer.startSpan('root', {}, ROOT_CONTEXT);
    tracer.startSpan('child', {}, inside(root)).end();
    root.end();
  }
  expect(provider.stats().late).toMatchObject({ pending: 1, spans: 1, bytes: KIB, incomplete: 0 });
  const open = Array.from({ length: 64 }, () => {
    const root = tracer.startSpan('root', {}, ROOT_CONTEXT);
    tracer.startSpan('child', {}, inside(root)).end();
    return root;
  });
  expect(provider.stats().late).toMatchObject({ pending: 65, spans: 64, bytes: 64 * KIB, incomplete: 1 });
  for (const root of open) root.end();
  expect(provider.stats().late).toMatchObject({ pending: 1, spans: 0, bytes: 0 });
});

test('the spans held for processors are bounded, and each is passed on once', () => {
  const kept = keptSpans();
  const { provider, tracer } = setUp({ spanProcessors: [kept] });
  const roots = Array.from({ length: 5000 }, () => {
    const root = tracer.startSpan('root', {}, ROOT_CONTEXT);
    tracer.startSpan('child', {}, inside(root)).end();
    return root;
  });
  expect(provider.stats().late).toMatchObject({ spans: 4096, incomplete: 904 });
  expect(kept.spans).toHaveLength(904);
  const large = tracer.startSpan('large', {}, ROOT_CONTEXT);
  for (let i = 0; i < 2000; i++) tracer.startSpan('child', {}, inside(large)).end();
  expect(provider.stats().late!.spans).toBe(4096);
  for (const root of [...roots, large]) root.end();
  expect(kept.spans).toHaveLength(5000 + 5000 + 2001);
  expect(new Set(kept.spans).size).toBe(kept.spans.length);
  expect(provider.stats().late).toMatchObject({ pending: 0, spans: 0, bytes: 0 });
});

test.each([0, 65_535, 2 ** 31, '1', Number.NaN])('a limit of %p bytes is refused', (lateBufferBytes) => {
  expect(() => new TracerProvider({ exporter: false, lateBufferBytes: lateBufferBytes as number })).toThrow(
    '@clew/tracer: expected lateBufferBytes in [65536, 1073741824], got',
  );
});

test('without an exporter and processors, the spans of pending traces are not kept', () => {
  const provider = new TracerProvider({ exporter: false, sampler: endSampler() });
  const tracer = provider.getTracer('t');
  for (let i = 0; i < 10_000; i++) {
    const root = tracer.startSpan('root', {}, ROOT_CONTEXT);
    tracer.startSpan('child', {}, inside(root)).end();
  }
  expect(provider.stats().late).toMatchObject({ pending: 10_000, spans: 0, bytes: 0 });
});
