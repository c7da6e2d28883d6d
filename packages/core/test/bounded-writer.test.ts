import { context, propagation, ROOT_CONTEXT, type TextMapSetter, trace } from '@opentelemetry/api';
import { boundedWriter, headerBytes } from '../src/propagation/bounded-writer.ts';
import { droppedFromWire } from '../src/propagation/dropped.ts';
import { w3cBaggage } from '../src/propagation/formats/w3c-baggage.ts';
import { w3cTraceContext } from '../src/propagation/formats/w3c-trace-context.ts';
import { type CarrierWriter, injectFresh } from '../src/propagation/inject.ts';
import { createPropagator } from '../src/propagation/propagator.ts';
import { createSignature } from '../src/propagation/signature.ts';

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
const sizeOf = (carrier: Carrier) =>
  Object.entries(carrier).reduce((bytes, [name, value]) => bytes + headerBytes(name, value), 0);
const bounded = (bytes: number, unmeasuredBytes?: number) => {
  const availableBytes = jest.fn((carrier: Carrier) => bytes - sizeOf(carrier));
  const bounds = { name: 'toy', availableBytes, ...(unmeasuredBytes !== undefined && { unmeasuredBytes }) };
  return { availableBytes, writer: boundedWriter(writer, bounds) };
};
const withBaggage = (bytes: number) =>
  propagation.setBaggage(
    trace.setSpanContext(ROOT_CONTEXT, {
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      spanId: '00f067aa0ba902b7',
      traceFlags: 1,
    }),
    propagation.createBaggage({ long: { value: 'x'.repeat(bytes) } }),
  );
const droppedCount = (reason: string) => droppedFromWire()[`toy: ${reason}`] ?? 0;

function propagateWith(signature?: ReturnType<typeof createSignature>): void {
  propagation.disable();
  propagation.setGlobalPropagator(
    createPropagator({
      extract: [w3cTraceContext],
      inject: [w3cTraceContext],
      extractBeside: [w3cBaggage],
      injectBeside: [w3cBaggage],
      signature,
    }),
  );
}

beforeEach(() => propagateWith());
afterAll(() => propagation.disable());

test('headers that fit are written', () => {
  const carrier: Carrier = { own: 'x' };
  injectFresh(withBaggage(1000), carrier, bounded(2000).writer);
  expect(Object.keys(carrier)).toEqual(['own', 'traceparent', 'baggage']);
});

test('a header that does not fit is omitted and counted; the others are written', () => {
  const carrier: Carrier = { own: 'x'.repeat(1000) };
  const before = droppedCount('outgoing header does not fit');
  injectFresh(withBaggage(1000), carrier, bounded(2000).writer);
  expect(Object.keys(carrier)).toEqual(['own', 'traceparent']);
  expect(droppedCount('outgoing header does not fit')).toBe(before + 1);
});

test('a nearly full carrier stays unchanged, with the headers of an older context', () => {
  const carrier: Carrier = { own: 'x'.repeat(1700), traceparent: 'old' };
  const copy = { ...carrier };
  const before = droppedCount('outgoing context does not fit');
  injectFresh(withBaggage(10), carrier, bounded(2000).writer);
  expect(carrier).toEqual(copy);
  expect(droppedCount('outgoing context does not fit')).toBe(before + 1);
});

test('an older header is removed even if the new one does not fit', () => {
  const carrier: Carrier = { traceparent: 'old', baggage: 'old=1' };
  injectFresh(withBaggage(3000), carrier, bounded(2000).writer);
  expect(Object.keys(carrier)).toEqual(['traceparent']);
  expect(carrier.traceparent).not.toBe('old');
});

test('a short context is written without measuring a carrier whose limit is not exact', () => {
  const { availableBytes, writer: lazily } = bounded(2000, 512);
  injectFresh(withBaggage(10), {}, lazily);
  expect(availableBytes).not.toHaveBeenCalled();
  const carrier: Carrier = {};
  injectFresh(withBaggage(1000), carrier, lazily);
  expect(Object.keys(carrier)).toEqual(['traceparent', 'baggage']);
  const full: Carrier = { own: 'x'.repeat(1500) };
  injectFresh(withBaggage(1000), full, lazily);
  expect(Object.keys(full)).toEqual(['own', 'traceparent']);
});

test('an omitted header is not signed, so that the signature of the others is valid', () => {
  const signature = createSignature({ keys: { first: 'a secret of sixteen' } });
  propagateWith(signature);
  const carrier: Carrier = {};
  injectFresh(withBaggage(3000), carrier, bounded(2000).writer);
  expect(Object.keys(carrier)).toEqual(['traceparent', 'clew-signature']);
  const extracted = propagation.extract(ROOT_CONTEXT, carrier);
  expect(trace.getSpanContext(extracted)?.traceId).toBe('4bf92f3577b34da6a3ce929d0e0e4736');
  expect(droppedFromWire()).not.toHaveProperty('signature: wrong');
});

test('`set` of a bounded writer returns whether the header was written', () => {
  const setter: TextMapSetter<Carrier> = bounded(600).writer;
  const begun = bounded(600).writer;
  expect(begun.begin?.({})).toBe(true);
  expect(begun.set({}, 'short', 'x')).not.toBe(false);
  expect(begun.set({}, 'long', 'x'.repeat(600))).toBe(false);
  expect(setter.set({}, 'before the beginning', 'x')).toBe(false);
  expect(context.active()).toBe(ROOT_CONTEXT);
});
