// Invalid values that applications written in JavaScript may pass to the API.
import { rootContext } from '@clew/core';
import { type Span, type SpanContext, type SpanOptions, type Tracer, trace } from '@opentelemetry/api';
import { TracerProvider as TheirProvider } from '@opentelemetry/sdk-trace';
import fc from 'fast-check';
import { TracerProvider } from '../src/index.ts';
import { keptSpans } from './kept-spans.ts';

function keepSpans() {
  const kept = keptSpans();
  const provider = new TracerProvider({ exporter: false, spanProcessors: [kept] });
  return { tracer: provider.getTracer('t'), spans: kept.spans };
}

const withoutPrototype = Object.create(null);
const badText = {
  toString() {
    throw new Error('no text');
  },
};
const badGetter = {
  fine: 1,
  get bad() {
    throw new Error('no value');
  },
};
const closed = (() => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
})();

const VALUES: readonly unknown[] = [
  null,
  undefined,
  10n,
  Symbol('s'),
  withoutPrototype,
  badText,
  badGetter,
  Object.freeze({ a: badText }),
  [withoutPrototype],
  () => {},
  new Date(Number.NaN),
  '\ud800',
  { traceState: {} },
  { context: { traceId: 7 } },
];

const hostile = fc.oneof(
  fc.anything({ withBigInt: true, withNullPrototype: true, withDate: true }),
  fc.constantFrom(...VALUES),
);

const METHODS = [
  'setAttribute',
  'setAttributes',
  'addEvent',
  'addLink',
  'addLinks',
  'setStatus',
  'updateName',
  'recordException',
  'end',
] as const;
const calls = fc.array(fc.tuple(fc.constantFrom(...METHODS), fc.array(hostile, { maxLength: 3 })), {
  maxLength: 5,
});
const options = fc.oneof(
  hostile,
  fc.record(
    { kind: hostile, attributes: hostile, links: fc.oneof(hostile, fc.array(hostile)), startTime: hostile },
    { requiredKeys: [] },
  ),
);
const ids = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 };
const parents = fc.oneof(
  hostile,
  fc
    .record(
      { traceId: hostile, spanId: hostile, traceFlags: hostile, traceState: hostile, isRemote: hostile },
      { requiredKeys: [] },
    )
    .map((parts) => ({ ...ids, ...parts })),
);

type Call = readonly [method: (typeof METHODS)[number], args: readonly unknown[]];

function use(tracer: Tracer, name: unknown, given: unknown, parent: unknown, done: readonly Call[]): void {
  const context = trace.setSpanContext(rootContext, parent as SpanContext);
  const span = tracer.startSpan(name as string, given as SpanOptions, context);
  for (const [method, args] of done) (span[method] as (...args: unknown[]) => unknown)(...args);
  span.end();
}

test('never throws for invalid values, and encodes every span', async () => {
  const provider = new TracerProvider({ exporter: { url: 'http://127.0.0.1:9/' } });
  const tracer = provider.getTracer('t');
  fc.assert(
    fc.property(hostile, options, parents, calls, (...given) => use(tracer, ...given)),
    { numRuns: 2000 },
  );
  const { spansStarted, spansEnded, spansOpen, dropped } = provider.stats();
  expect({ spansEnded, spansOpen, failed: dropped.failed }).toEqual({
    spansEnded: spansStarted - notSampled(provider),
    spansOpen: 0,
    failed: 0,
  });
  // Otherwise the queued spans would be posted during other tests.
  await provider.shutdown({ timeoutMs: 0 });
});

const notSampled = (provider: TracerProvider) =>
  provider.stats().spansStarted - provider.stats().spansSampled;

test('does not throw for a revoked proxy', () => {
  const { tracer, spans } = keepSpans();
  const parts = ['kind', 'attributes', 'links', 'startTime', 'root'];
  const all: unknown[] = [closed, ...parts.map((part) => ({ [part]: closed })), { links: [closed] }];
  for (const given of all) use(tracer, closed, given, closed, []);
  for (const method of METHODS) {
    for (const args of [[closed], ['a', closed], ['a', {}, closed], [closed, closed, closed]])
      use(tracer, 'n', {}, ids, [[method, args]]);
  }
  expect(spans).toHaveLength(all.length + 4 * METHODS.length);
});

test("nothing throws where OpenTelemetry's SDK does not", () => {
  const ours = new TracerProvider({ exporter: false });
  const theirs = new TheirProvider();
  const throws = (provider: { getTracer(...args: never[]): Tracer }, run: (tracer: Tracer) => void) => {
    try {
      run(provider.getTracer(...(['t'] as never[])));
      return false;
    } catch {
      return true;
    }
  };
  fc.assert(
    fc.property(hostile, options, parents, calls, (...given) => {
      const run = (tracer: Tracer) => use(tracer, ...given);
      if (throws(ours, run)) expect(throws(theirs, run)).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test('accepts any name, version and schema for a tracer', () => {
  const provider = new TracerProvider({ exporter: false });
  fc.assert(
    fc.property(hostile, hostile, hostile, (name, version, given) => {
      const getTracer = provider.getTracer as (...args: unknown[]) => Tracer;
      getTracer.call(provider, name, version, given).startSpan('s').end();
      getTracer.call(provider, name, version, { schemaUrl: given });
    }),
  );
});

test('runs the function with its span, whatever the options and the context are', () => {
  const { tracer, spans } = keepSpans();
  const start = tracer.startActiveSpan as unknown as (...args: unknown[]) => unknown;
  fc.assert(
    fc.property(hostile, options, hostile, (name, given, context) => {
      const started: Span[] = [];
      const run = (span: Span) => {
        started.push(span);
        span.end();
        return 'result';
      };
      expect(start.call(tracer, name, given, context, run)).toBe('result');
      expect(start.call(tracer, name, given, run)).toBe('result');
      expect(start.call(tracer, name, run)).toBe('result');
      expect(started).toHaveLength(3);
    }),
  );
  expect(start.call(tracer, 'n')).toBeUndefined();
  expect(start.call(tracer, 'n', null)).toBeUndefined();
  expect(spans.length).toBeGreaterThan(100);
});

test('resolves a flush with any options', async () => {
  const provider = new TracerProvider({ exporter: false });
  const values = fc.sample(hostile, 50);
  await Promise.all(values.map((value) => provider.forceFlush(value as never)));
  await provider.shutdown(null as never);
});

describe('keeps valid parts next to invalid ones', () => {
  test('keeps the other attributes when a getter throws', () => {
    const { tracer, spans } = keepSpans();
    tracer.startSpan('a', { attributes: badGetter }).setAttributes(badGetter).end();
    tracer.startSpan('b').addEvent('e', badGetter).end();
    expect(spans[0]).toMatchObject({ attributes: { fine: 1 } });
    expect(spans[1]?.events).toMatchObject([{ name: 'e', attributes: { fine: 1 } }]);
  });

  test('keeps the ids of a parent whose trace state has the wrong type', () => {
    const { tracer, spans } = keepSpans();
    const parent = { ...ids, traceState: {} } as unknown as SpanContext;
    tracer.startSpan('child', {}, trace.setSpanContext(rootContext, parent)).end();
    expect(spans[0]?.spanContext().traceId).toBe(ids.traceId);
    expect(spans[0]?.parentSpanContext?.spanId).toBe(ids.spanId);
  });

  test('keeps the ids of a link whose trace state has the wrong type', () => {
    const { tracer, spans } = keepSpans();
    const context = { ...ids, traceState: {} } as unknown as SpanContext;
    tracer.startSpan('linked', { links: [{ context }] }).end();
    expect(spans[0]?.links).toMatchObject([{ context: ids }]);
  });

  test.each([
    ['an object without a prototype', withoutPrototype, 'object'],
    ['an object whose toString throws', badText, 'object'],
    ['a symbol', Symbol('s'), 'Symbol(s)'],
    ['a number', 10n, '10'],
    ['null', null, 'null'],
  ])('accepts %s as a name', (_title, name, text) => {
    const { tracer, spans } = keepSpans();
    tracer.startSpan(name as string, null as never).end();
    expect(spans[0]?.name).toBe(text);
  });
});
