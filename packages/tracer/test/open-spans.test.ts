import { shareAttributes } from '@clew/core/internal';
import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { TracerProvider } from '../src/index.ts';
import { keptSpans } from './kept-spans.ts';

function setUp(limits = {}) {
  const kept = keptSpans();
  const provider = new TracerProvider({ exporter: false, spanProcessors: [kept], limits });
  return { provider, tracer: provider.getTracer('t'), spans: kept.spans };
}
const names = (spans: readonly { name: string }[]) => spans.map(({ name }) => name);

describe('endUnfinished', () => {
  test('ends open spans, children first, with the reason', () => {
    const { provider, tracer, spans } = setUp();
    const request = tracer.startSpan('request');
    const inside = trace.setSpan(ROOT_CONTEXT, request);
    tracer.startSpan('done', {}, inside).end();
    const query = tracer.startSpan('query', {}, inside);
    tracer.startSpan('connect', {}, trace.setSpan(inside, query));
    expect(provider.stats()).toMatchObject({ spansOpen: 3, spansUnfinished: 0 });
    provider.endUnfinished('SIGTERM');
    expect(names(spans)).toEqual(['done', 'connect', 'query', 'request']);
    for (const { attributes, status } of spans.slice(1)) {
      expect(attributes).toEqual({ 'clew.unfinished': true, 'clew.unfinished_reason': 'SIGTERM' });
      expect(status).toEqual({ code: 0 });
    }
    expect(spans[0]!.attributes).toEqual({});
    expect(provider.stats()).toMatchObject({ spansOpen: 0, spansUnfinished: 3, spansEnded: 4 });
  });

  test('marks a span with the maximum number of attributes, and keeps them', () => {
    const { provider, tracer, spans } = setUp({ attributeCount: 1, attributeValueLength: 1 });
    tracer.startSpan('s', { attributes: { own: 'a' } });
    tracer.startSpan('shared', { attributes: shareAttributes({ own: 'a' }) });
    provider.endUnfinished('exit');
    for (const { attributes, droppedAttributesCount } of spans) {
      const marks = { 'clew.unfinished': true, 'clew.unfinished_reason': 'exit' };
      expect([attributes, droppedAttributesCount]).toEqual([{ own: 'a', ...marks }, 0]);
    }
    expect(spans).toHaveLength(2);
  });

  test('ends a span once: later calls by the application change nothing', () => {
    const { provider, tracer, spans } = setUp();
    const span = tracer.startSpan('s');
    provider.endUnfinished('exit');
    span.setAttribute('late', 1).end();
    provider.endUnfinished('exit');
    expect(spans).toHaveLength(1);
    expect(spans[0]!.attributes).not.toHaveProperty('late');
  });

  test('skips spans that are not recorded, and includes those of every tracer', () => {
    const { provider, tracer, spans } = setUp();
    tracer.startSpan('one');
    provider.getTracer('other').startSpan('other');
    const unsampled = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 0 };
    tracer.startSpan('unsampled', {}, trace.setSpanContext(context.active(), unsampled));
    provider.endUnfinished('exit');
    expect(names(spans).sort()).toEqual(['one', 'other']);
  });
});

test('forgets open spans beyond 4,096, the oldest first, which can still end', () => {
  const { provider, tracer, spans } = setUp();
  const opened = Array.from({ length: 5000 }, (_, i) => tracer.startSpan(`s${i}`));
  for (let i = 0; i < 10_000; i++) tracer.startSpan('short').end();
  expect(provider.stats().spansOpen).toBe(4096 - 1);
  opened[0]!.end();
  opened[4999]!.end();
  expect(names(spans.slice(-2))).toEqual(['s0', 's4999']);
  spans.length = 0;
  provider.endUnfinished('exit');
  expect(names(spans)).toEqual(Array.from({ length: 4094 }, (_, i) => `s${4998 - i}`));
});
