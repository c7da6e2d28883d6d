import { createTraceState, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';
import {
  alwaysOff,
  alwaysOn,
  parentBased,
  type Sampler,
  type SamplingResult,
  TracerProvider,
  traceIdRatioBased,
} from '../src/index.ts';
import { keptSpans } from './kept-spans.ts';

const parent = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 0 };
const under = (traceFlags: number, isRemote: boolean) =>
  trace.setSpanContext(ROOT_CONTEXT, { ...parent, traceFlags, isRemote });

function flagsWith(sampler: Sampler, context = ROOT_CONTEXT): number {
  return (
    new TracerProvider({ exporter: false, sampler }).getTracer('t').startSpan('s', {}, context).spanContext()
      .traceFlags & 1
  );
}

/** A custom sampler, so that `shouldSample` is called. */
function recording(result: SamplingResult) {
  const calls: Parameters<Sampler['shouldSample']>[] = [];
  const sampler: Sampler = {
    shouldSample: (...facts) => {
      calls.push(facts);
      return result;
    },
    toString: () => 'Recording',
  };
  return { sampler, calls };
}

test('have the same names as OpenTelemetry’s', () => {
  expect(String(alwaysOn())).toBe(String(new AlwaysOnSampler()));
  expect(String(alwaysOff())).toBe(String(new AlwaysOffSampler()));
  expect(String(traceIdRatioBased(0.25))).toBe(String(new TraceIdRatioBasedSampler(0.25)));
  expect(String(parentBased({ root: traceIdRatioBased(0.5) }))).toBe(
    String(new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(0.5) })),
  );
});

test('the default follows the parent and samples every root', () => {
  const flags = (context = ROOT_CONTEXT) =>
    new TracerProvider({ exporter: false }).getTracer('t').startSpan('s', {}, context).spanContext()
      .traceFlags & 1;
  expect([
    flags(),
    flags(under(1, true)),
    flags(under(0, true)),
    flags(under(1, false)),
    flags(under(0, false)),
  ]).toEqual([1, 1, 0, 1, 0]);
});

test('a ratio samples the same traces as OpenTelemetry’s sampler, and about that share', () => {
  const ours = traceIdRatioBased(0.3);
  const theirs = new TraceIdRatioBasedSampler(0.3);
  const kept = keptSpans();
  const tracer = new TracerProvider({ exporter: false, sampler: ours, spanProcessors: [kept] }).getTracer(
    't',
  );
  let sampled = 0;
  for (let i = 0; i < 4000; i++) {
    const span = tracer.startSpan('s', {}, ROOT_CONTEXT);
    const { traceId, traceFlags } = span.spanContext();
    sampled += traceFlags & 1;
    expect((traceFlags & 1) * 2).toBe(theirs.shouldSample(ROOT_CONTEXT, traceId).decision);
    expect(ours.shouldSample(ROOT_CONTEXT, traceId, 's', 0, {}, []).decision).toBe((traceFlags & 1) * 2);
  }
  expect(sampled).toBeGreaterThan(1000);
  expect(sampled).toBeLessThan(1400);
});

test('ratios 0 and 1 sample no and all traces', () => {
  for (let i = 0; i < 200; i++) {
    expect(flagsWith(traceIdRatioBased(0))).toBe(0);
    expect(flagsWith(traceIdRatioBased(1))).toBe(1);
  }
});

test.each([
  [-0.1, '-0.1'],
  [1.1, '1.1'],
  ['2', '"2"'],
  [Number.NaN, 'NaN'],
])('rejects a ratio of %p', (ratio, quoted) => {
  expect(() => traceIdRatioBased(ratio as number)).toThrow(
    `@clew/tracer: expected ratio in [0, 1], got ${quoted}`,
  );
});

describe('parentBased', () => {
  test('calls the sampler for the kind of parent', () => {
    const on = alwaysOn();
    const off = alwaysOff();
    const inverted = parentBased({
      root: off,
      remoteParentSampled: off,
      remoteParentNotSampled: on,
      localParentSampled: off,
      localParentNotSampled: on,
    });
    const contexts = [ROOT_CONTEXT, under(1, true), under(0, true), under(1, false), under(0, false)];
    expect(contexts.map((context) => flagsWith(inverted, context))).toEqual([0, 0, 1, 0, 1]);
    const decide = (context: typeof ROOT_CONTEXT) =>
      inverted.shouldSample(context, parent.traceId, 's', 0, {}, []).decision;
    expect(contexts.map(decide)).toEqual([0, 0, 2, 0, 2]);
  });

  test('calls a custom root sampler for roots only', () => {
    const { sampler, calls } = recording({ decision: 2 });
    const tracer = new TracerProvider({ exporter: false, sampler: parentBased({ root: sampler }) }).getTracer(
      't',
    );
    const root = tracer.startSpan('root', {}, ROOT_CONTEXT);
    tracer.startSpan('child', {}, trace.setSpan(ROOT_CONTEXT, root));
    expect(calls.map(([, , name]) => name)).toEqual(['root']);
  });

  test('requires a root sampler', () => {
    expect(() => parentBased({} as never)).toThrow(
      '@clew/tracer: expected root to be a Sampler, got undefined',
    );
  });
});

describe('a custom sampler', () => {
  test('gets the values that the span is started with', () => {
    const { sampler, calls } = recording({ decision: 2 });
    const link = { context: parent };
    const context = under(1, true);
    const options = { kind: SpanKind.CLIENT, attributes: { a: 1 }, links: [link] };
    new TracerProvider({ exporter: false, sampler }).getTracer('t').startSpan('name', options, context);
    expect(calls).toEqual([[context, parent.traceId, 'name', SpanKind.CLIENT, { a: 1 }, [link]]]);
  });

  test('gets no parent for a forced root', () => {
    const { sampler, calls } = recording({ decision: 2 });
    new TracerProvider({ exporter: false, sampler })
      .getTracer('t')
      .startSpan('name', { root: true }, under(1, true));
    expect(trace.getSpan(calls[0]![0])).toBeUndefined();
    expect(calls[0]![1]).not.toBe(parent.traceId);
  });

  test('can add attributes and replace the trace state', () => {
    const traceState = createTraceState('clew=1');
    const { sampler } = recording({ decision: 2, attributes: { 'sampler.rule': 'x', a: 2 }, traceState });
    const kept = keptSpans();
    const provider = new TracerProvider({ exporter: false, sampler, spanProcessors: [kept] });
    provider
      .getTracer('t')
      .startSpan('s', { attributes: { a: 1 } })
      .end();
    expect(kept.spans[0]!.attributes).toEqual({ a: 2, 'sampler.rule': 'x' });
    expect(kept.spans[0]!.spanContext().traceState).toBe(traceState);
  });

  test('can record without sampling: processors get the span, exporters do not', async () => {
    const { sampler } = recording({ decision: 1 });
    const kept = keptSpans();
    const exported: unknown[] = [];
    const exporter = {
      export: (spans: unknown[], done: (result: { code: number }) => void) => {
        exported.push(...spans);
        done({ code: 0 });
      },
      shutdown: async () => {},
    };
    const provider = new TracerProvider({
      exporter: false,
      sampler,
      spanProcessors: [kept],
      spanExporters: [exporter],
    });
    const span = provider.getTracer('t').startSpan('s');
    expect(span.isRecording()).toBe(true);
    expect(span.spanContext().traceFlags & 1).toBe(0);
    span.end();
    await provider.shutdown();
    expect(kept.spans).toHaveLength(1);
    expect(exported).toHaveLength(0);
    expect(provider.stats()).toMatchObject({ spansStarted: 1, spansSampled: 0, spansEnded: 1 });
  });

  test('that records the child of an unrecorded parent keeps their relation', () => {
    const kept = keptSpans();
    const sampler: Sampler = {
      shouldSample: (_, __, name) => ({ decision: name === 'child' ? 2 : 0 }),
      toString: () => 'S',
    };
    const tracer = new TracerProvider({ exporter: false, sampler, spanProcessors: [kept] }).getTracer('t');
    const root = tracer.startSpan('root');
    tracer.startSpan('child', {}, trace.setSpan(ROOT_CONTEXT, root)).end();
    expect(kept.spans[0]!.parentSpanContext?.spanId).toBe(root.spanContext().spanId);
    expect(kept.spans[0]!.spanContext().traceId).toBe(root.spanContext().traceId);
  });

  test('that throws results in an unrecorded span', () => {
    const sampler: Sampler = {
      shouldSample: () => {
        throw new Error('broken');
      },
      toString: () => 'Broken',
    };
    expect(flagsWith(sampler)).toBe(0);
  });

  test('of OpenTelemetry works', () => {
    const theirs = new ParentBasedSampler({ root: new AlwaysOnSampler() });
    expect([flagsWith(theirs), flagsWith(theirs, under(0, true)), flagsWith(theirs, under(1, true))]).toEqual(
      [1, 0, 1],
    );
  });
});
