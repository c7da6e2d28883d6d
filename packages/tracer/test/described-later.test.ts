import { DESCRIBE_LATER, type DescribedLater } from '@clew/core/internal';
import { type Attributes, ROOT_CONTEXT, type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Sampler, TracerProviderOptions } from '../src/index.ts';
import { TracerProvider } from '../src/index.ts';
import { type Collector, startCollector } from './collector.ts';
import { endSampler, rootSampler, routeSampler, sampled } from './root-sampler.ts';

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

function setUp(sampler: Sampler, options: TracerProviderOptions = {}) {
  const provider = new TracerProvider({ exporter: { url: collector.url }, sampler, ...options });
  providers.push(provider);
  return { provider, tracer: provider.getTracer('t') };
}
const later = (span: Span, describe: () => Attributes) =>
  (span as Span & DescribedLater)[DESCRIBE_LATER](describe);
const fail = (span: Span) => span.setStatus({ code: SpanStatusCode.ERROR });
const attributesOf = async (provider: TracerProvider) => {
  await provider.forceFlush();
  const [span] = collector.spans();
  return Object.fromEntries(
    (span?.attributes ?? []).map(({ key, value }) => [key, Object.values(value!)[0]]),
  );
};

test('a local root that is kept at its end gets its description, and keeps what the application has set', async () => {
  const { provider, tracer } = setUp(endSampler());
  const span = tracer.startSpan('root', { attributes: { first: 1 } }, ROOT_CONTEXT);
  expect(later(span, () => ({ first: 'described', own: 'described', more: 'described' }))).toBe(true);
  fail(span.setAttribute('own', 'application')).end();
  expect(await attributesOf(provider)).toMatchObject({ own: 'application', more: 'described' });
  expect(JSON.stringify(collector.spans())).not.toContain('"first","value":{"stringValue"');
});

test('a local root that is kept at its route is described then', () => {
  const { tracer } = setUp(routeSampler(['/kept']));
  const span = tracer.startSpan('root', {}, ROOT_CONTEXT);
  const describe = jest.fn(() => ({}));
  later(span, describe);
  expect(describe).not.toHaveBeenCalled();
  (span as unknown as { [key: symbol]: (route: string) => void })[Symbol.for('clew.note-route')]!('/kept');
  expect(describe).toHaveBeenCalledTimes(1);
  span.end();
  expect(describe).toHaveBeenCalledTimes(1);
});

test('a description that throws is left out', async () => {
  const { provider, tracer } = setUp(endSampler());
  const span = tracer.startSpan('root', {}, ROOT_CONTEXT);
  later(span, () => {
    throw new Error('on purpose');
  });
  fail(span).end();
  expect(await attributesOf(provider)).toMatchObject({ 'clew.sampling.kept': 'error' });
});

test.each<[string, Sampler, TracerProviderOptions]>([
  ['a trace that is sampled', rootSampler(() => sampled()), {}],
  [
    'a tracer with span processors',
    endSampler(),
    {
      spanProcessors: [
        { onStart() {}, onEnd() {}, shutdown: async () => {}, forceFlush: async () => {} },
      ] as unknown as TracerProviderOptions['spanProcessors'],
    } as TracerProviderOptions,
  ],
])('%s is described at once', (_name, sampler, options) => {
  const span = setUp(sampler, options).tracer.startSpan('root', {}, ROOT_CONTEXT);
  const describe = jest.fn(() => ({}));
  expect(later(span, describe)).toBe(false);
  span.end();
  expect(describe).not.toHaveBeenCalled();
});

test('a child of a pending local root is described at once', () => {
  const { tracer } = setUp(endSampler());
  const root = tracer.startSpan('root', {}, ROOT_CONTEXT);
  const child = tracer.startSpan('child', {}, trace.setSpan(ROOT_CONTEXT, root));
  expect(later(child, () => ({}))).toBe(false);
  child.end();
  root.end();
});
