// Invalid values that JavaScript applications may put into contexts and carriers.
import {
  createPropagator,
  createSignature,
  droppedFromWire,
  rootContext,
  TRACE_FORMATS,
  w3cBaggage,
  w3cTraceContext,
} from '@clew/core';
import {
  type Baggage,
  type BaggageEntry,
  type Context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  propagation,
  type Span,
  type SpanContext,
  trace,
} from '@opentelemetry/api';
import fc from 'fast-check';

const IDS = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 };
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const formats = [...new Set(TRACE_FORMATS.values())];
const parts = { extractBeside: [w3cBaggage], injectBeside: [w3cBaggage] };
const signature = createSignature({ keys: { k1: 'a secret of more than sixteen letters' } });
const w3c = createPropagator({ extract: [w3cTraceContext], inject: [w3cTraceContext], ...parts });
const all = createPropagator({ extract: formats, inject: formats, ...parts });
const signing = createPropagator({ extract: formats, inject: formats, signature, ...parts });

const hostile = fc.oneof(
  fc.anything({ withBigInt: true, withNullPrototype: true, withDate: true }),
  fc.constantFrom<unknown>(
    null,
    undefined,
    10n,
    Symbol('s'),
    Object.create(null),
    '\ud800',
    () => {},
    {
      toString() {
        throw new Error('no text');
      },
    },
    {
      get value() {
        throw new Error('no value');
      },
    },
  ),
);

const inSpan = (more: object = {}): Context => trace.setSpanContext(rootContext, { ...IDS, ...more });
const withBaggage = (entries: Record<string, unknown>, context = inSpan()): Context =>
  propagation.setBaggage(context, propagation.createBaggage(entries as Record<string, BaggageEntry>));

function written(context: Context, by = w3c): Record<string, string> {
  const headers: Record<string, string> = {};
  by.inject(context, headers, defaultTextMapSetter);
  return headers;
}

describe('an invalid entry of baggage', () => {
  const baggageOf = (value: unknown, by = w3c) =>
    written(withBaggage({ first: { value: 'a' }, odd: { value }, last: { value: 'z' } }), by);

  test.each<[unknown, string]>([
    [42, 'first=a,odd=42,last=z'],
    [0, 'first=a,odd=0,last=z'],
    [true, 'first=a,odd=true,last=z'],
    [10n, 'first=a,odd=10,last=z'],
    [undefined, 'first=a,last=z'],
    [null, 'first=a,last=z'],
    [{}, 'first=a,last=z'],
    [Object.create(null), 'first=a,last=z'],
    [Symbol('s'), 'first=a,last=z'],
  ])('with the value %p becomes text or is left out; the others are written', (value, baggage) => {
    expect(baggageOf(value)).toEqual({ traceparent: TRACEPARENT, baggage });
  });

  test('is omitted from the headers of other formats, too', () => {
    const jaeger = createPropagator({
      extract: [],
      inject: [TRACE_FORMATS.get('jaeger')!],
      extractBeside: [],
      injectBeside: [],
    });
    expect(Object.keys(baggageOf({}, jaeger))).toEqual(['uber-trace-id', 'uberctx-first', 'uberctx-last']);
    expect(baggageOf(7, jaeger)['uberctx-odd']).toBe('7');
  });

  test('is omitted if it is not an object; the others are written', () => {
    const context = withBaggage({ first: { value: 'a' }, none: undefined });
    expect(written(context).baggage).toBe('first=a');
  });

  test('does not remove headers of a signed request', () => {
    const headers = baggageOf({}, signing);
    expect(headers.traceparent).toBe(TRACEPARENT);
    expect(headers.baggage).toBe('first=a,last=z');
    expect(headers['clew-signature']).toBeDefined();
  });

  test('is counted', () => {
    const cause = 'baggage: outgoing member with a value that is not text';
    const before = droppedFromWire()[cause] ?? 0;
    baggageOf({});
    expect(droppedFromWire()[cause]).toBe(before + 1);
  });
});

describe('a part that can’t be written does not prevent the other parts', () => {
  test.each<[string, Context, Record<string, string>]>([
    ['a trace state of the wrong type', inSpan({ traceState: {} }), { traceparent: TRACEPARENT }],
    [
      'baggage of the wrong type',
      propagation.setBaggage(inSpan(), {} as Baggage),
      { traceparent: TRACEPARENT },
    ],
    [
      'a span context that is null',
      withBaggage({ a: { value: 'b' } }, trace.setSpanContext(rootContext, null as never)),
      { baggage: 'a=b' },
    ],
    [
      'a span of the wrong type',
      withBaggage({ a: { value: 'b' } }, trace.setSpan(rootContext, {} as Span)),
      { baggage: 'a=b' },
    ],
  ])('%s', (_title, context, headers) => {
    expect(written(context)).toEqual(headers);
  });
});

test.each([
  ['the W3C formats', w3c],
  ['all formats', all],
  ['all formats, signed', signing],
])('%s: nothing in a context makes inject throw', (_title, propagator) => {
  const span = fc.record(
    { traceId: hostile, spanId: hostile, traceFlags: hostile, traceState: hostile },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(span, hostile, hostile, hostile, (more, value, metadata, bad) => {
      const baggage = { k: { value, metadata } };
      written(withBaggage(baggage, inSpan(more)), propagator);
      written(trace.setSpanContext(rootContext, bad as SpanContext), propagator);
      written(trace.setSpan(rootContext, bad as Span), propagator);
      written(propagation.setBaggage(inSpan(), bad as Baggage), propagator);
      written(bad as Context, propagator);
      propagator.inject(inSpan(), bad, defaultTextMapSetter);
    }),
  );
});

test.each([
  ['the W3C formats', w3c],
  ['all formats', all],
  ['all formats, signed', signing],
])('%s: nothing in a carrier makes extract throw', (_title, propagator) => {
  const names = [...propagator.fields(), 'uberctx-a', 'jaeger-baggage', 'clew-signature'];
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...names), hostile), hostile, (headers, bad) => {
      const context = propagator.extract(rootContext, headers, defaultTextMapGetter);
      written(context, propagator);
      propagator.extract(rootContext, bad, defaultTextMapGetter);
    }),
  );
});
