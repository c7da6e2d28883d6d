import { NOTE_ROUTE, type RouteObserver, WRITE_TRACEPARENT } from '@clew/core/internal';
import { createTraceState, ROOT_CONTEXT, type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Sampler, TracerProviderOptions } from '../src/index.ts';
import { TracerProvider } from '../src/index.ts';
import { type Collector, startCollector } from './collector.ts';
import { keptSpans } from './kept-spans.ts';
import { endSampler, rootSampler, routeSampler, sampled, unsampled } from './root-sampler.ts';

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
  return { provider, tracer: provider.getTracer('t'), other: provider.getTracer('other') };
}
const inside = (span: Span) => trace.setSpan(ROOT_CONTEXT, span);
const fail = (span: Span) => span.setStatus({ code: SpanStatusCode.ERROR });
const noteRoute = (span: Span, route: string) => (span as Span & RouteObserver)[NOTE_ROUTE](route);
const flagOf = (span: Span) => span.spanContext().traceFlags & 1;
const names = () => collector.spans().map(({ name }) => name);

describe.each(['http/protobuf', 'http/json'] as const)(
  'a trace that is decided at its end (%s)',
  (protocol) => {
    const exporter = () => ({ exporter: { url: collector.url, protocol } });

    test('is sent whole if it is kept', async () => {
      const { provider, tracer, other } = setUp(endSampler(), exporter());
      const root = tracer.startSpan('root', {}, ROOT_CONTEXT);
      const query = other.startSpan('query', { attributes: { a: 'b' } }, inside(root));
      tracer.startSpan('inner', {}, inside(query)).end();
      query.end();
      fail(root).end();
      await provider.forceFlush();
      const spans = collector.spans();
      expect(spans.map(({ name }) => name).sort()).toEqual(['inner', 'query', 'root']);
      const byName = Object.fromEntries(spans.map((span) => [span.name, span]));
      expect(byName.query!.parentSpanId).toEqual(byName.root!.spanId);
      expect(byName.inner!.parentSpanId).toEqual(byName.query!.spanId);
      for (const { flags, traceState } of spans) {
        expect((flags ?? 0) & 1).toBe(1);
        expect(traceState ?? '').toBe('');
      }
      expect(JSON.stringify(byName.root)).toContain('clew.sampling.kept');
      expect(JSON.stringify(byName.inner)).not.toContain('clew.sampling.kept');
      expect(provider.stats()).toMatchObject({
        spansSampled: 3,
        spansExported: 3,
        late: { pending: 0, spans: 0, bytes: 0, keptAtEnd: 1, forgotten: 0 },
      });
    });

    test('is not sent if it is not', async () => {
      const { provider, tracer } = setUp(endSampler(), exporter());
      const root = tracer.startSpan('root', {}, ROOT_CONTEXT);
      tracer.startSpan('child', {}, inside(root)).end();
      expect(provider.stats().late).toMatchObject({ pending: 1, spans: 1, bytes: 1024 });
      root.end();
      await provider.forceFlush();
      expect(collector.received).toHaveLength(0);
      expect(provider.stats()).toMatchObject({
        spansEnded: 2,
        spansSampled: 0,
        late: { pending: 0, spans: 0, bytes: 0, keptAtEnd: 0, forgotten: 1 },
      });
    });
  },
);

describe('while a trace is pending', () => {
  test('its spans are recorded, and downstream services see them as unsampled', () => {
    const traceState = createTraceState('a=1');
    const sampler = endSampler();
    const { tracer } = setUp({
      ...sampler,
      ...rootSampler(() => ({ ...decisionOf(sampler), traceState })),
    });
    const root = tracer.startSpan('root', {}, ROOT_CONTEXT);
    const child = tracer.startSpan('child', {}, inside(root));
    for (const span of [root, child]) {
      expect([span.isRecording(), flagOf(span)]).toEqual([true, 0]);
      expect(span.spanContext().traceState).toBe(traceState);
      const writer = span as unknown as { [WRITE_TRACEPARENT](): string };
      expect(writer[WRITE_TRACEPARENT]()).toMatch(/-02$/);
    }
    child.end();
    root.end();
  });

  test('a flush sends none of its spans and decides nothing', async () => {
    const { provider, tracer } = setUp(endSampler());
    const root = tracer.startSpan('root', {}, ROOT_CONTEXT);
    tracer.startSpan('child', {}, inside(root)).end();
    await provider.forceFlush();
    expect(names()).toEqual([]);
    fail(root).end();
    await provider.forceFlush();
    expect(names()).toEqual(['child', 'root']);
  });
});

describe('the end of the local root', () => {
  test('has its status and its duration', () => {
    const ends: { isError: boolean; durationMs: number }[] = [];
    const { tracer } = setUp(endSampler(undefined, ends));
    tracer.startSpan('quick', {}, ROOT_CONTEXT).end();
    fail(tracer.startSpan('given', { startTime: 1_700_000_000_000 }, ROOT_CONTEXT)).end(1_700_000_001_500);
    expect(ends).toEqual([
      { isError: false, durationMs: expect.any(Number) },
      { isError: true, durationMs: 1500 },
    ]);
    expect(ends[0]!.durationMs).toBeGreaterThanOrEqual(0);
    expect(ends[0]!.durationMs).toBeLessThan(1000);
  });

  test('decides about children that are still open, and about those that start later', async () => {
    const { provider, tracer } = setUp(endSampler());
    for (const isError of [true, false]) {
      const root = tracer.startSpan('root', {}, ROOT_CONTEXT);
      const open = tracer.startSpan('open', {}, inside(root));
      if (isError) fail(root);
      root.end();
      const later = tracer.startSpan('later', {}, inside(root));
      expect([open, later].map((span) => [span.isRecording(), flagOf(span)])).toEqual(
        isError
          ? [
              [true, 1],
              [true, 1],
            ]
          : [
              [false, 0],
              [false, 0],
            ],
      );
      open.end();
      later.end();
    }
    await provider.forceFlush();
    expect(names()).toEqual(['root', 'open', 'later']);
    expect(provider.stats().late).toMatchObject({ spans: 0, bytes: 0, keptAtEnd: 1, forgotten: 1 });
  });

  test('is reported once for a trace that was sampled at its start, if the sampler asked for it', () => {
    const ends: unknown[] = [];
    const atEnd = (end: unknown) => {
      ends.push(end);
      return unsampled;
    };
    const pending = { needsRoute: false, atRoute: () => unsampled, atEnd };
    const { provider, tracer } = setUp(rootSampler(() => ({ ...sampled(), pending })));
    const root = tracer.startSpan('root', {}, ROOT_CONTEXT);
    tracer.startSpan('child', {}, inside(root)).end();
    fail(root).end();
    root.end();
    expect(ends).toEqual([{ isError: true, durationMs: expect.any(Number) }]);
    expect(provider.stats()).toMatchObject({ spansQueued: 2, late: { pending: 0, forgotten: 0 } });
  });

  test('a sampler that throws there does not keep the trace', () => {
    const { provider, tracer } = setUp(
      endSampler(() => {
        throw new Error('broken');
      }),
    );
    tracer.startSpan('root', {}, ROOT_CONTEXT).end();
    expect(provider.stats().late).toMatchObject({ pending: 0, forgotten: 1 });
  });
});

describe('a trace that is decided at its route', () => {
  test('is sampled from then on if it is kept: local root, open and new children', async () => {
    const { provider, tracer } = setUp(routeSampler(['/orders/:id']));
    const root = tracer.startSpan('GET', {}, ROOT_CONTEXT);
    tracer.startSpan('before', {}, inside(root)).end();
    const open = tracer.startSpan('open', {}, inside(root));
    const contexts = [root, open].map((span) => span.spanContext());
    expect(contexts.map(({ traceFlags }) => traceFlags & 1)).toEqual([0, 0]);
    noteRoute(root, '/orders/:id');
    expect([root, open].map(flagOf)).toEqual([1, 1]);
    const after = tracer.startSpan('after', {}, inside(open));
    expect(flagOf(after)).toBe(1);
    for (const span of [after, open, root]) span.end();
    await provider.forceFlush();
    expect(names()).toEqual(['before', 'after', 'open', 'GET']);
    expect(JSON.stringify(collector.spans().at(-1))).toContain('clew.sampling.policy');
    expect(provider.stats()).toMatchObject({ spansSampled: 4, late: { keptAtRoute: 1, keptAtEnd: 0 } });
  });

  test('is not recorded from then on if it is not kept', async () => {
    const { provider, tracer } = setUp(routeSampler(['/orders/:id']));
    const root = tracer.startSpan('GET', {}, ROOT_CONTEXT);
    tracer.startSpan('before', {}, inside(root)).end();
    noteRoute(root, '/health');
    expect(root.isRecording()).toBe(false);
    expect(tracer.startSpan('after', {}, inside(root)).isRecording()).toBe(false);
    expect(provider.stats().late).toMatchObject({ pending: 0, spans: 0, bytes: 0, forgotten: 1 });
    fail(root).end();
    await provider.forceFlush();
    expect(names()).toEqual([]);
  });

  test('may wait for the end', async () => {
    const { provider, tracer } = setUp(routeSampler([], true));
    for (const isError of [true, false]) {
      const root = tracer.startSpan(`error ${isError}`, {}, ROOT_CONTEXT);
      noteRoute(root, '/a');
      expect([root.isRecording(), flagOf(root)]).toEqual([true, 0]);
      if (isError) fail(root);
      root.end();
    }
    await provider.forceFlush();
    expect(names()).toEqual(['error true']);
  });

  test('is decided by the first route, which may be noted on any of its spans', () => {
    const { provider, tracer } = setUp(routeSampler(['/a']));
    const root = tracer.startSpan('GET', {}, ROOT_CONTEXT);
    const child = tracer.startSpan('child', {}, inside(root));
    noteRoute(child, '/a');
    noteRoute(root, '/b');
    expect([root, child].map(flagOf)).toEqual([1, 1]);
    expect(provider.stats().late).toMatchObject({ keptAtRoute: 1, forgotten: 0 });
  });

  test('without a route is decided at its end', async () => {
    const { provider, tracer } = setUp(routeSampler(['/a'], true));
    fail(tracer.startSpan('GET', {}, ROOT_CONTEXT)).end();
    await provider.forceFlush();
    expect(names()).toEqual(['GET']);
  });

  test('gets the trace state of the decision', () => {
    const traceState = createTraceState('ot=th:8');
    const pending = {
      needsRoute: true,
      atRoute: () => ({ ...sampled(), traceState }),
      atEnd: () => unsampled,
    };
    const { tracer } = setUp(rootSampler(() => ({ ...unsampled, pending })));
    const root = tracer.startSpan('GET', {}, ROOT_CONTEXT);
    expect(root.spanContext().traceState).toBeUndefined();
    noteRoute(root, '/a');
    expect(root.spanContext().traceState).toBe(traceState);
    expect(tracer.startSpan('child', {}, inside(root)).spanContext().traceState).toBe(traceState);
  });
});

describe('span processors and exporters', () => {
  const setUpWith = (sampler: Sampler) => {
    const kept = keptSpans();
    const exported: string[] = [];
    const exporter = {
      export: (spans: readonly { name: string }[], done: (result: { code: number }) => void) => {
        exported.push(...spans.map(({ name }) => name));
        done({ code: 0 });
      },
      shutdown: async () => {},
    };
    return { kept, exported, ...setUp(sampler, { spanProcessors: [kept], spanExporters: [exporter] }) };
  };

  test('get the spans of a kept trace when it is kept, with the sampled flag', async () => {
    const { kept, exported, provider, tracer } = setUpWith(endSampler());
    const root = tracer.startSpan('root', {}, ROOT_CONTEXT);
    tracer.startSpan('child', { attributes: { a: 1 } }, inside(root)).end();
    expect(kept.spans).toHaveLength(0);
    fail(root).end();
    expect(kept.spans.map((span) => [span.name, span.spanContext().traceFlags & 1])).toEqual([
      ['child', 1],
      ['root', 1],
    ]);
    expect(kept.spans.map(({ attributes }) => attributes)).toEqual([
      { a: 1 },
      { 'clew.sampling.kept': 'error' },
    ]);
    await provider.forceFlush();
    expect(exported).toEqual(['child', 'root']);
    expect(names()).toEqual(['child', 'root']);
  });

  test('processors get the spans of other traces without the flag, and exporters do not get them', async () => {
    const { kept, exported, provider, tracer } = setUpWith(endSampler());
    const root = tracer.startSpan('root', {}, ROOT_CONTEXT);
    tracer.startSpan('child', {}, inside(root)).end();
    root.end();
    expect(kept.spans.map((span) => [span.name, span.spanContext().traceFlags & 1])).toEqual([
      ['child', 0],
      ['root', 0],
    ]);
    await provider.forceFlush();
    expect(exported).toEqual([]);
  });
});

describe('the end of the process', () => {
  test('decides about open traces by what is known', async () => {
    const { provider, tracer } = setUp(endSampler());
    const failed = tracer.startSpan('failed', {}, ROOT_CONTEXT);
    tracer.startSpan('child of failed', {}, inside(failed)).end();
    tracer.startSpan('fine', {}, ROOT_CONTEXT);
    fail(failed);
    await provider.shutdown();
    expect(names()).toEqual(['child of failed', 'failed']);
    expect(provider.stats().late).toMatchObject({ pending: 0, bytes: 0, keptAtEnd: 1, forgotten: 1 });
  });

  test.each(['uncaught exception', 'unhandled rejection'])(
    'after an %s, open local roots count as failed',
    async (reason) => {
      const { provider, tracer } = setUp(endSampler());
      const root = tracer.startSpan('root', {}, ROOT_CONTEXT);
      tracer.startSpan('child', {}, inside(root)).end();
      provider.endUnfinished(reason);
      await provider.forceFlush();
      expect(names()).toEqual(['child', 'root']);
      tracer.startSpan('next', {}, ROOT_CONTEXT).end();
      expect(provider.stats().late).toMatchObject({ keptAtEnd: 1, forgotten: 1 });
    },
  );

  test('decides about traces whose local root is no longer among the open spans', async () => {
    const { provider, tracer } = setUp(endSampler());
    const first = tracer.startSpan('first', {}, ROOT_CONTEXT);
    tracer.startSpan('child of first', {}, inside(first)).end();
    fail(first);
    // The provider tracks 4,096 open spans.
    for (let i = 0; i < 4096; i++) tracer.startSpan('open', {}, ROOT_CONTEXT);
    provider.endUnfinished('exit');
    expect(provider.stats().late).toMatchObject({ pending: 0, keptAtEnd: 1, forgotten: 4096, bytes: 0 });
    first.end();
    await provider.forceFlush();
    expect(names()).toEqual(['child of first', 'first']);
  });
});

function decisionOf(sampler: ReturnType<typeof endSampler>) {
  const [decide] = Object.getOwnPropertySymbols(sampler).map(
    (symbol) => sampler[symbol as keyof typeof sampler] as unknown as () => ReturnType<typeof sampled>,
  );
  return decide!();
}
