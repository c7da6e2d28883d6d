import {
  createPropagator,
  createSignature,
  rootContext,
  TRACE_FORMATS,
  w3cBaggage,
  w3cTraceContext,
} from '@clew/core';
import { type Context, defaultTextMapSetter, propagation, trace } from '@opentelemetry/api';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const OTHER_ID = 'aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbb';
const parent = (id: string) => ({ traceparent: `00-${id}-b7ad6b7169203331-01` });
const signature = createSignature({ keys: { k1: 'a secret of more than sixteen letters' } });
const parts = { extractBeside: [w3cBaggage], injectBeside: [w3cBaggage], signature };
const propagator = createPropagator({
  extract: [w3cTraceContext],
  inject: [w3cTraceContext],
  ...parts,
});
const getter = {
  get: (carrier: Record<string, string>, name: string) => carrier[name],
  keys: (carrier: Record<string, string>) => Object.keys(carrier),
};

const signed = (headers: Record<string, string>, by = signature) => ({
  ...headers,
  'clew-signature': by.sign(new Map(Object.entries(headers)), Object.keys(headers)),
});
const extract = (headers: Record<string, string>, into: Context = rootContext) =>
  propagator.extract(into, headers, getter);

/** The headers that are signed where this context goes out. */
function covered(context: Context, by = propagator): string {
  const headers: Record<string, string> = {};
  by.inject(context, headers, defaultTextMapSetter);
  return /;h=([^;]*);/.exec(headers['clew-signature'] ?? '')?.[1] ?? '';
}

const own = { traceId: OTHER_ID, spanId: 'cccccccccccccccc', traceFlags: 1 };

describe('what is extracted into a context that is not empty', () => {
  test('is not signed because something else in the context was', () => {
    const outer = extract(signed({ ...parent(TRACE_ID), baggage: 'a=b' }));
    expect(covered(outer)).toBe('traceparent,baggage');
    const inner = extract(parent(OTHER_ID), outer);
    expect(trace.getSpanContext(inner)?.traceId).toBe(OTHER_ID);
    expect(covered(inner)).toBe('baggage');
    expect(covered(extract({ baggage: 'c=d' }, outer))).toBe('traceparent');
    expect(covered(extract({ ...parent(OTHER_ID), baggage: 'c=d' }, outer))).toBe('');
  });

  test('is signed although something else in the context was not', () => {
    const outer = extract({ ...parent(TRACE_ID), baggage: 'a=b' });
    expect(covered(outer)).toBe('');
    expect(covered(extract(signed(parent(OTHER_ID)), outer))).toBe('traceparent');
    expect(covered(extract(signed({ baggage: 'c=d' }), outer))).toBe('baggage');
  });

  test('leaves the current span where it is', () => {
    const outer = trace.setSpanContext(rootContext, own);
    const span = trace.getSpan(outer);
    for (const headers of [{ baggage: 'a=b' }, signed({ baggage: 'a=b' }), { 'clew-signature': 'wrong' }]) {
      const inner = extract(headers, outer);
      expect(trace.getSpan(inner)).toBe(span);
    }
    expect(covered(extract(signed({ baggage: 'a=b' }), outer))).toBe('traceparent,baggage');
  });
});

test('a key that verifies and does not sign any more is as good', () => {
  const old = createSignature({ keys: { old: 'another secret of sixteen letters' } });
  const both = createSignature({
    keys: { new: 'a secret of more than sixteen letters', old: 'another secret of sixteen letters' },
  });
  const rotated = createPropagator({
    extract: [w3cTraceContext],
    inject: [w3cTraceContext],
    ...parts,
    signature: both,
  });
  const came = rotated.extract(rootContext, signed(parent(TRACE_ID), old), getter);
  expect(covered(came, rotated)).toBe('traceparent');
});

test.each(['b3', 'b3multi', 'jaeger', 'ottrace', 'datadog', 'elastic', 'xray', 'sentry', 'gcp'])(
  'with inject: [%s] alone the headers that are sent are signed, and the trace goes on signed',
  (name) => {
    const format = TRACE_FORMATS.get(name)!;
    const alone = createPropagator({ extract: [format], inject: [format], ...parts });
    const headers: Record<string, string> = {};
    const context = propagation.setBaggage(
      trace.setSpanContext(rootContext, own),
      propagation.createBaggage({ tenant: { value: 'acme' } }),
    );
    alone.inject(context, headers, defaultTextMapSetter);
    const { 'clew-signature': value = '', ...sent } = headers;
    expect(/;h=([^;]*);/.exec(value)?.[1]?.split(',').sort()).toEqual(Object.keys(sent).sort());
    const came = alone.extract(rootContext, headers, getter);
    expect(trace.getSpanContext(came)?.traceId).toContain(OTHER_ID.slice(16));
    expect(covered(came, alone)).not.toBe('');
    for (const each of Object.keys(sent)) {
      const forged = alone.extract(rootContext, { ...headers, [each]: `${headers[each]}0` }, getter);
      expect(covered(forged, alone)).toBe('');
    }
  },
);
