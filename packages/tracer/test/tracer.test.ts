import {
  context,
  createContextKey,
  createTraceState,
  INVALID_SPAN_CONTEXT,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { alwaysOff, type ReadableSpan, TracerProvider } from '../src/index.ts';
import { keptSpans } from './kept-spans.ts';

const kept = keptSpans();
const provider = new TracerProvider({ exporter: false, spanProcessors: [kept] });
const tracer = provider.getTracer('test', '1.0.0');
const remote = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1, isRemote: true };

beforeAll(() => context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()));
afterAll(() => context.disable());
beforeEach(() => void kept.spans.splice(0));

/** Ends a span and returns it as seen by a processor. */
function ended(span: Span): ReadableSpan {
  span.end();
  return kept.spans.at(-1)!;
}

describe('ids and parents', () => {
  test('a root has new random ids, marked as random', () => {
    const one = tracer.startSpan('one').spanContext();
    const two = tracer.startSpan('two').spanContext();
    expect(one.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(one.spanId).toMatch(/^[0-9a-f]{16}$/);
    expect(one.traceFlags).toBe(3);
    expect(one.traceId).not.toBe(two.traceId);
    expect(one.spanId).not.toBe(two.spanId);
  });

  test('10,000 spans have 10,000 ids', () => {
    const ids = new Set(Array.from({ length: 10_000 }, () => tracer.startSpan('s').spanContext().spanId));
    expect(ids.size).toBe(10_000);
  });

  test('a child has its parent’s trace id, flags and trace state', () => {
    const traceState = createTraceState('a=b');
    const root = tracer.startSpan('root', {}, trace.setSpanContext(ROOT_CONTEXT, { ...remote, traceState }));
    const child = ended(tracer.startSpan('child', {}, trace.setSpan(ROOT_CONTEXT, root)));
    expect(child.spanContext()).toEqual({
      traceId: remote.traceId,
      spanId: expect.stringMatching(/^[0-9a-f]{16}$/),
      traceFlags: 1,
      traceState,
    });
    expect(child.parentSpanContext).toEqual(root.spanContext());
    expect(ended(root).parentSpanContext).toEqual({ ...remote, traceState });
  });

  test('keeps only the random flag of a remote parent’s flags', () => {
    const flagsUnder = (traceFlags: number) =>
      tracer.startSpan('s', {}, trace.setSpanContext(ROOT_CONTEXT, { ...remote, traceFlags })).spanContext()
        .traceFlags;
    expect([1, 3, 0xff, 0, 2].map(flagsUnder)).toEqual([1, 3, 3, 0, 2]);
  });

  test.each([
    ['an invalid trace id', { ...remote, traceId: '0'.repeat(32) }],
    ['an invalid span id', { ...remote, spanId: 'nonsense' }],
    ['no ids', INVALID_SPAN_CONTEXT],
  ])('a parent with %s is ignored', (_, parent) => {
    const span = ended(tracer.startSpan('s', {}, trace.setSpanContext(ROOT_CONTEXT, parent)));
    expect(span.spanContext().traceId).toMatch(/[1-9a-f]/);
    expect(span.spanContext().traceId).not.toBe(parent.traceId);
    expect(span.parentSpanContext).toBeUndefined();
  });

  test('root: true starts a new trace', () => {
    const parent = tracer.startSpan('parent');
    const span = ended(tracer.startSpan('s', { root: true }, trace.setSpan(ROOT_CONTEXT, parent)));
    expect(span.parentSpanContext).toBeUndefined();
    expect(span.spanContext().traceId).not.toBe(parent.spanContext().traceId);
  });

  test('uses a custom id generator, and replaces invalid ids', () => {
    let good = true;
    const own = new TracerProvider({
      exporter: false,
      idGenerator: {
        generateTraceId: () => (good ? 'c'.repeat(32) : 'no id'),
        generateSpanId: () => {
          if (!good) throw new Error('broken');
          return 'd'.repeat(16);
        },
      },
    }).getTracer('own');
    expect(own.startSpan('s').spanContext()).toEqual({
      traceId: 'c'.repeat(32),
      spanId: 'd'.repeat(16),
      traceFlags: 1,
    });
    good = false;
    expect(own.startSpan('s').spanContext()).toEqual({
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
      spanId: expect.stringMatching(/^[0-9a-f]{16}$/),
      traceFlags: 1,
    });
  });
});

describe('startActiveSpan', () => {
  const key = createContextKey('test');

  test('calls the function with the span active, and returns its result', () => {
    const result = tracer.startActiveSpan('s', (span) => {
      expect(trace.getActiveSpan()).toBe(span);
      return 42;
    });
    expect(result).toBe(42);
    expect(trace.getActiveSpan()).toBeUndefined();
  });

  test('accepts options', () => {
    tracer.startActiveSpan('s', { kind: SpanKind.CLIENT }, (span) => {
      expect(ended(span).kind).toBe(SpanKind.CLIENT);
    });
  });

  test('accepts a context', () => {
    const parent = trace.setSpanContext(ROOT_CONTEXT, remote).setValue(key, 'value');
    tracer.startActiveSpan('s', {}, parent, (span) => {
      expect(span.spanContext().traceId).toBe(remote.traceId);
      expect(context.active().getValue(key)).toBe('value');
    });
  });

  test('rethrows the function’s error', () => {
    const error = new Error('mine');
    expect(() =>
      tracer.startActiveSpan('s', () => {
        throw error;
      }),
    ).toThrow(error);
  });

  test('makes the span the parent of what an async function starts', async () => {
    await tracer.startActiveSpan('s', async (span) => {
      await new Promise((resolve) => setImmediate(resolve));
      expect(ended(tracer.startSpan('child')).parentSpanContext?.spanId).toBe(span.spanContext().spanId);
    });
  });
});

test('starts no span when tracing is suppressed', () => {
  const suppressed = ROOT_CONTEXT.setValue(
    createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING'),
    true,
  );
  const span = tracer.startSpan('s', {}, suppressed);
  expect(span.isRecording()).toBe(false);
  expect(span.spanContext()).toEqual(INVALID_SPAN_CONTEXT);
});

test('returns the same tracer for the same name, version and schema', () => {
  expect(provider.getTracer('test', '1.0.0')).toBe(tracer);
  expect(provider.getTracer('test', '1.0.1')).not.toBe(tracer);
  expect(provider.getTracer('test', '1.0.0', { schemaUrl: 'https://s' })).not.toBe(tracer);
  expect(
    ended(provider.getTracer('n', '2', { schemaUrl: 'https://s' }).startSpan('s')).instrumentationScope,
  ).toEqual({
    name: 'n',
    version: '2',
    schemaUrl: 'https://s',
  });
});

describe('an unsampled span', () => {
  const off = new TracerProvider({ exporter: false, sampler: alwaysOff(), spanProcessors: [kept] }).getTracer(
    'off',
  );

  test('has its own id in its parent’s trace, which never changes', () => {
    const span = off.startSpan('s', {}, trace.setSpanContext(ROOT_CONTEXT, remote));
    expect(span.spanContext()).toEqual({
      traceId: remote.traceId,
      spanId: expect.stringMatching(/^[0-9a-f]{16}$/),
      traceFlags: 0,
    });
    expect(span.spanContext().spanId).not.toBe(remote.spanId);
    expect(span.spanContext()).toBe(span.spanContext());
  });

  test('passes its trace on to children', () => {
    const root = off.startSpan('root');
    const child = off.startSpan('child', {}, trace.setSpan(ROOT_CONTEXT, root));
    expect(child.spanContext().traceId).toBe(root.spanContext().traceId);
    expect(child.spanContext().spanId).not.toBe(root.spanContext().spanId);
    expect(root.spanContext().traceFlags).toBe(2);
  });

  test('accepts every call and reaches no processor', () => {
    const span = off.startSpan('s');
    span.setAttribute('a', 1).setAttributes({}).addEvent('e').addLink({ context: remote }).addLinks([]);
    span.setStatus({ code: SpanStatusCode.OK }).updateName('x').recordException(new Error('e'));
    span.end();
    expect(span.isRecording()).toBe(false);
    expect(kept.spans).toHaveLength(0);
  });
});
