import { type Context, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { TRACE_FORMATS } from '../src/propagation/formats/index.ts';
import { w3cBaggage } from '../src/propagation/formats/w3c-baggage.ts';
import { type CarrierWriter, injectFresh } from '../src/propagation/inject.ts';
import { createPropagator } from '../src/propagation/propagator.ts';

type Carrier = Record<string, string>;

const writer: CarrierWriter<Carrier> = {
  set: (carrier, name, value) => {
    carrier[name] = value;
  },
  has: (carrier, name) => Object.hasOwn(carrier, name),
  remove: (carrier, name) => {
    delete carrier[name];
  },
  names: Object.keys,
};

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN_ID = '00f067aa0ba902b7';
const FRESH = `00-${TRACE_ID}-${SPAN_ID}-01`;
const OLD = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const current = trace.setSpanContext(ROOT_CONTEXT, { traceId: TRACE_ID, spanId: SPAN_ID, traceFlags: 1 });
const withBaggage = propagation.setBaggage(current, propagation.createBaggage({ fresh: { value: '1' } }));

function injected(
  context: Context,
  carrier: Carrier,
  formats: readonly string[] = ['tracecontext'],
): Carrier {
  propagation.disable();
  propagation.setGlobalPropagator(
    createPropagator({
      extract: [],
      inject: [...TRACE_FORMATS.values()].filter(({ name }) => formats.includes(name)),
      extractBeside: [],
      injectBeside: [w3cBaggage],
    }),
  );
  injectFresh(context, carrier, writer);
  return carrier;
}

afterAll(() => propagation.disable());

test.each<[title: string, context: Context, carrier: Carrier, expected: Carrier]>([
  ['an empty carrier gets the context', withBaggage, {}, { traceparent: FRESH, baggage: 'fresh=1' }],
  [
    'all of an older context is replaced or removed',
    current,
    { traceparent: OLD, tracestate: 'old=1', baggage: 'old=1', 'x-own': 'kept' },
    { traceparent: FRESH, 'x-own': 'kept' },
  ],
  ['a trace state without its trace is removed', current, { tracestate: 'old=1' }, { traceparent: FRESH }],
  [
    "the application's own baggage stays where it has no trace beside it",
    current,
    { baggage: 'own=1' },
    { traceparent: FRESH, baggage: 'own=1' },
  ],
  [
    "baggage of the context replaces the application's",
    withBaggage,
    { baggage: 'own=1' },
    { traceparent: FRESH, baggage: 'fresh=1' },
  ],
  [
    'where no trace is written nothing is removed',
    ROOT_CONTEXT,
    { traceparent: OLD, tracestate: 'old=1', baggage: 'old=1' },
    { traceparent: OLD, tracestate: 'old=1', baggage: 'old=1' },
  ],
])('%s', (_, context, carrier, expected) => {
  expect(injected(context, carrier)).toEqual(expected);
});

test('either encoding of B3 replaces the other', () => {
  const multi = { 'x-b3-traceid': 'a', 'x-b3-spanid': 'b', 'x-b3-parentspanid': 'c', 'x-b3-sampled': '1' };
  expect(injected(current, { ...multi }, ['b3'])).toEqual({ b3: `${TRACE_ID}-${SPAN_ID}-1` });
  const written = injected(current, { b3: '0', ...multi }, ['b3multi']);
  expect(written).toEqual({ 'x-b3-traceid': TRACE_ID, 'x-b3-spanid': SPAN_ID, 'x-b3-sampled': '1' });
});

test('baggage with a header for each entry belongs to the older context too', () => {
  const carrier = { 'uber-trace-id': 'a:b:0:1', 'uberctx-old': '1', 'uberctx-fresh': '0' };
  const written = injected(withBaggage, carrier, ['jaeger']);
  expect(written).toEqual({
    'uber-trace-id': expect.stringContaining(SPAN_ID),
    'uberctx-fresh': '1',
    baggage: 'fresh=1',
  });
});
