import { rootContext } from '@clew/core';
import { emptyTraceState, withIncoming } from '@clew/core/internal';
import { type Context, createTraceState, SpanKind, trace } from '@opentelemetry/api';
import { alwaysOff, alwaysOn, parentBased, type Sampler, TracerProvider } from '../src/index.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';

function startWith(incoming: Parameters<typeof withIncoming>[1], root = alwaysOn()) {
  const provider = new TracerProvider({ exporter: false, sampler: parentBased({ root }) });
  return provider
    .getTracer('test')
    .startSpan('GET', { kind: SpanKind.SERVER }, withIncoming(rootContext, incoming));
}

describe('sampling hints of a request without a parent', () => {
  test('a trace id is used for the root, which is not marked as random', () => {
    const { traceId, traceFlags } = startWith({ links: [], traceId: TRACE_ID }).spanContext();
    expect(traceId).toBe(TRACE_ID);
    expect(traceFlags).toBe(1);
  });

  test('a hint not to sample is followed, and the trace id is kept', () => {
    const span = startWith({ links: [], traceId: TRACE_ID, samplingHint: 'drop' });
    expect(span.isRecording()).toBe(false);
    expect(span.spanContext()).toMatchObject({ traceId: TRACE_ID, traceFlags: 0 });
  });

  test.each(['sample', 'force'] as const)(
    'a hint to %s is followed where roots are not sampled',
    (samplingHint) => {
      expect(startWith({ links: [], samplingHint }, alwaysOff()).isRecording()).toBe(true);
    },
  );

  test('a sampler that ignores parents follows only a forced hint', () => {
    const provider = new TracerProvider({ exporter: false, sampler: alwaysOff() });
    const tracer = provider.getTracer('test');
    const recording = (samplingHint: 'sample' | 'force') =>
      tracer.startSpan('GET', {}, withIncoming(rootContext, { links: [], samplingHint })).isRecording();
    expect([recording('sample'), recording('force')]).toEqual([false, true]);
  });

  test('a sampler that ignores parents keeps all spans of a debug trace, and no others', () => {
    const provider = new TracerProvider({ exporter: false, sampler: alwaysOff() });
    const tracer = provider.getTracer('test');
    const below = (context: Context) => tracer.startSpan('below', {}, context);
    const remote = (traceFlags: number, mark: string) => {
      const parent = { traceId: TRACE_ID, spanId: 'a'.repeat(16), traceFlags, isRemote: true };
      return trace.setSpanContext(rootContext, { ...parent, traceState: createTraceState(mark) });
    };
    const server = below(remote(1, 'clew=d:1'));
    const client = below(trace.setSpan(rootContext, server));
    expect([server, client].map((span) => span.isRecording())).toEqual([true, true]);
    for (const context of [remote(0, 'clew=d:1'), remote(1, 'clew=d:0'), remote(1, 'vendor=1')])
      expect(below(context).isRecording()).toBe(false);
    const root = tracer.startSpan('root', { root: true }, trace.setSpan(rootContext, server));
    expect(root.isRecording()).toBe(false);
  });

  test('a child span and a span started with root: true ignore the hint', () => {
    const provider = new TracerProvider({ exporter: false });
    const tracer = provider.getTracer('test');
    const context = withIncoming(rootContext, { links: [], traceId: TRACE_ID });
    const child = tracer.startSpan(
      'child',
      {},
      trace.setSpan(context, tracer.startSpan('parent', {}, context)),
    );
    const root = tracer.startSpan('root', { root: true }, context);
    expect(child.spanContext().traceId).toBe(TRACE_ID);
    expect(root.spanContext().traceId).not.toBe(TRACE_ID);
  });

  test('a trace state is set on the root', () => {
    const traceState = emptyTraceState.set('clew', 'd:1');
    expect(startWith({ links: [], traceState }).spanContext().traceState?.serialize()).toBe('clew=d:1');
  });
});

describe('a parent without a sampling decision', () => {
  const parent = { traceId: TRACE_ID, spanId: 'b7ad6b7169203331', traceFlags: 0, isRemote: true };
  const undecided = withIncoming(trace.setSpanContext(rootContext, parent), { links: [], undecided: true });
  const startUnder = (root: Sampler) =>
    new TracerProvider({ exporter: false, sampler: root }).getTracer('test').startSpan('GET', {}, undecided);

  test.each([
    ['sampled if roots are', alwaysOn(), true],
    ['dropped if roots are', alwaysOff(), false],
  ])('is %s, and remains the parent', (_title, root, recording) => {
    const span = startUnder(parentBased({ root }));
    expect(span.isRecording()).toBe(recording);
    expect(span.spanContext().traceId).toBe(TRACE_ID);
  });

  test('is hidden from a custom sampler', () => {
    const seen: unknown[] = [];
    const root: Sampler = {
      shouldSample: (context) => {
        seen.push(trace.getSpan(context));
        return { decision: 2 };
      },
    };
    expect(startUnder(root).isRecording()).toBe(true);
    expect(seen).toEqual([undefined]);
  });
});
