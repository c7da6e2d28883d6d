import { WRITE_TRACEPARENT } from '@clew/core/internal';
import { createTraceState, ROOT_CONTEXT } from '@opentelemetry/api';
import { collectedTraces, fail, flagOf, inside } from './late-traces.ts';
import { endSampler, rootSampler, sampled, unsampled } from './root-sampler.ts';

const { collector, names, setUp } = collectedTraces();

describe.each(['http/protobuf', 'http/json'] as const)(
  'a trace that is decided at its end (%s)',
  (protocol) => {
    const exporter = () => ({ exporter: { url: collector().url, protocol } });

    test('is sent with all its spans if it is kept', async () => {
      const { provider, tracer, other } = setUp(endSampler(), exporter());
      const root = tracer.startSpan('root', {}, ROOT_CONTEXT);
      const query = other.startSpan('query', { attributes: { a: 'b' } }, inside(root));
      tracer.startSpan('inner', {}, inside(query)).end();
      query.end();
      fail(root).end();
      await provider.forceFlush();
      const spans = collector().spans();
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

    test('is not sent if it is not kept', async () => {
      const { provider, tracer } = setUp(endSampler(), exporter());
      const root = tracer.startSpan('root', {}, ROOT_CONTEXT);
      tracer.startSpan('child', {}, inside(root)).end();
      expect(provider.stats().late).toMatchObject({ pending: 1, spans: 1, bytes: 1024 });
      root.end();
      await provider.forceFlush();
      expect(collector().received).toHaveLength(0);
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
  test('is reported with the status and the duration of the local root', () => {
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

  test('is reported once for a trace that was sampled at its start, if the sampler requested it', () => {
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

  test('drops the trace if the sampler throws', () => {
    const { provider, tracer } = setUp(
      endSampler(() => {
        throw new Error('broken');
      }),
    );
    tracer.startSpan('root', {}, ROOT_CONTEXT).end();
    expect(provider.stats().late).toMatchObject({ pending: 0, forgotten: 1 });
  });
});

function decisionOf(sampler: ReturnType<typeof endSampler>) {
  const [decide] = Object.getOwnPropertySymbols(sampler).map(
    (symbol) => sampler[symbol as keyof typeof sampler] as unknown as () => ReturnType<typeof sampled>,
  );
  return decide!();
}
