import { rootContext, withIncoming } from '@clew/core';
import { SpanKind, trace } from '@opentelemetry/api';
import { alwaysOff, alwaysOn, parentBased, TracerProvider } from '../src/index.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';

function startWith(incoming: Parameters<typeof withIncoming>[1], root = alwaysOn()) {
  const provider = new TracerProvider({ exporter: false, sampler: parentBased({ root }) });
  return provider
    .getTracer('test')
    .startSpan('GET', { kind: SpanKind.SERVER }, withIncoming(rootContext, incoming));
}

describe('what a request without a parent asks for', () => {
  test('its trace id becomes that of the root, which is then no random one', () => {
    const { traceId, traceFlags } = startWith({ links: [], traceId: TRACE_ID }).spanContext();
    expect(traceId).toBe(TRACE_ID);
    expect(traceFlags).toBe(1);
  });

  test('a wish to be dropped is heard, and the trace id goes on', () => {
    const span = startWith({ links: [], traceId: TRACE_ID, wish: 'drop' });
    expect(span.isRecording()).toBe(false);
    expect(span.spanContext()).toMatchObject({ traceId: TRACE_ID, traceFlags: 0 });
  });

  test.each(['sample', 'force'] as const)('a wish to %s is heard where roots are not sampled', (wish) => {
    expect(startWith({ links: [], wish }, alwaysOff()).isRecording()).toBe(true);
  });

  test('a sampler that listens to no parent hears no wish but a forced one', () => {
    const provider = new TracerProvider({ exporter: false, sampler: alwaysOff() });
    const tracer = provider.getTracer('test');
    const recording = (wish: 'sample' | 'force') =>
      tracer.startSpan('GET', {}, withIncoming(rootContext, { links: [], wish })).isRecording();
    expect([recording('sample'), recording('force')]).toEqual([false, true]);
  });

  test('a child and a span that is a root by its own wish know nothing of it', () => {
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
});
