import { createTraceState, ROOT_CONTEXT } from '@opentelemetry/api';
import { collectedTraces, fail, flagOf, inside, noteRoute } from './late-traces.ts';
import { rootSampler, routeSampler, sampled, unsampled } from './root-sampler.ts';

const { collector, names, setUp } = collectedTraces();

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
    expect(JSON.stringify(collector().spans().at(-1))).toContain('clew.sampling.policy');
    expect(provider.stats()).toMatchObject({ spansSampled: 4, late: { keptAtRoute: 1, keptAtEnd: 0 } });
  });

  test('is no longer recorded if it is not kept', async () => {
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

  test('can wait for the decision at its end', async () => {
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

  test('is decided by the first route, which any of its spans can report', () => {
    const { provider, tracer } = setUp(routeSampler(['/a']));
    const root = tracer.startSpan('GET', {}, ROOT_CONTEXT);
    const child = tracer.startSpan('child', {}, inside(root));
    noteRoute(child, '/a');
    noteRoute(root, '/b');
    expect([root, child].map(flagOf)).toEqual([1, 1]);
    expect(provider.stats().late).toMatchObject({ keptAtRoute: 1, forgotten: 0 });
  });

  test('is decided at its end if it has no route', async () => {
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
