import {
  createPropagator,
  createSignature,
  rootContext,
  TRACE_FORMATS,
  w3cBaggage,
  w3cTraceContext,
} from '@clew/core';
import { applyTrust } from '@clew/core/internal';
import { type Context, defaultTextMapSetter, propagation, trace } from '@opentelemetry/api';

import { trustDecider } from '../src/propagation/trust.ts';

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

/** The headers that are signed when this context is injected. */
function covered(context: Context, by = propagator): string {
  const headers: Record<string, string> = {};
  by.inject(context, headers, defaultTextMapSetter);
  return /;h=([^;]*);/.exec(headers['clew-signature'] ?? '')?.[1] ?? '';
}

const own = { traceId: OTHER_ID, spanId: 'cccccccccccccccc', traceFlags: 1 };

describe('an extraction into a context that is not empty', () => {
  test('stays unsigned even if another part of the context was signed', () => {
    const outer = extract(signed({ ...parent(TRACE_ID), baggage: 'a=b' }));
    expect(covered(outer)).toBe('traceparent,baggage');
    const inner = extract(parent(OTHER_ID), outer);
    expect(trace.getSpanContext(inner)?.traceId).toBe(OTHER_ID);
    expect(covered(inner)).toBe('baggage');
    expect(covered(extract({ baggage: 'c=d' }, outer))).toBe('traceparent');
    expect(covered(extract({ ...parent(OTHER_ID), baggage: 'c=d' }, outer))).toBe('');
  });

  test('is signed even if another part of the context was not', () => {
    const outer = extract({ ...parent(TRACE_ID), baggage: 'a=b' });
    expect(covered(outer)).toBe('');
    expect(covered(extract(signed(parent(OTHER_ID)), outer))).toBe('traceparent');
    expect(covered(extract(signed({ baggage: 'c=d' }), outer))).toBe('baggage');
  });

  test('keeps the current span', () => {
    const outer = trace.setSpanContext(rootContext, own);
    const span = trace.getSpan(outer);
    for (const headers of [{ baggage: 'a=b' }, signed({ baggage: 'a=b' }), { 'clew-signature': 'wrong' }]) {
      const inner = extract(headers, outer);
      expect(trace.getSpan(inner)).toBe(span);
    }
    expect(covered(extract(signed({ baggage: 'a=b' }), outer))).toBe('traceparent,baggage');
  });
});

describe('a partly signed message', () => {
  test('signed baggage with an unsigned trace: the trace is continued unsigned', () => {
    const context = extract({ ...signed({ baggage: 'a=b' }), ...parent(TRACE_ID) });
    expect(trace.getSpanContext(context)?.traceId).toBe(TRACE_ID);
    expect(covered(context)).toBe('baggage');
  });

  test('an unsigned trace state stays unsigned after a change', () => {
    const { traceState: came } = trace.getSpanContext(extract(parent(TRACE_ID))) ?? {};
    if (came === undefined) throw new Error('expected a trace state');
    for (const traceState of [came.set('a', 'b'), came.unset('a')])
      expect(covered(trace.setSpanContext(rootContext, { ...own, traceState }))).toBe('');
  });

  test('unsigned baggage stays unsigned if the trust option keeps some entries', () => {
    const came = extract({ ...parent(TRACE_ID), baggage: 'a=b,c=d' });
    const kept = applyTrust(came, { trace: 'link', baggage: ['a'] });
    const context = trace.setSpanContext(kept, own);
    expect(propagation.getBaggage(context)?.getAllEntries()).toHaveLength(1);
    expect(covered(context)).toBe('traceparent');
  });

  test('unsigned baggage stays unsigned after a change', () => {
    const came = propagation.getBaggage(extract({ ...parent(TRACE_ID), baggage: 'a=b,c=d' }));
    if (came === undefined) throw new Error('expected baggage');
    const changed = [came.removeEntry('a'), came.removeEntries('a'), came.setEntry('e', { value: 'f' })];
    for (const baggage of changed) {
      const context = propagation.setBaggage(trace.setSpanContext(rootContext, own), baggage);
      expect(covered(context)).toBe('traceparent');
    }
    const cleared = came.clear().setEntry('own', { value: 'yes' });
    const context = propagation.setBaggage(trace.setSpanContext(rootContext, own), cleared);
    expect(covered(context)).toBe('traceparent,baggage');
  });

  test('a trace that another propagator has extracted is unsigned too', () => {
    const came = trace.setSpanContext(rootContext, { ...own, isRemote: true });
    expect(
      covered(
        applyTrust(
          came,
          trustDecider('continue')(() => ({ path: '/', port: 80 })),
        ),
      ),
    ).toBe('');
    expect(covered(applyTrust(came, { trace: 'continue', baggage: 'drop' }))).toBe('');
  });

  test('some of many long baggage headers are left unsigned, and the others verify', () => {
    const jaeger = TRACE_FORMATS.get('jaeger')!;
    const alone = createPropagator({
      extract: [jaeger],
      inject: [jaeger],
      extractBeside: [],
      injectBeside: [],
      signature,
    });
    const entries = Array.from({ length: 60 }, (_, i) => [`k${i}${'k'.repeat(80)}`, { value: 'v' }]);
    const baggage = propagation.createBaggage(Object.fromEntries(entries));
    const headers: Record<string, string> = {};
    const context = propagation.setBaggage(trace.setSpanContext(rootContext, own), baggage);
    alone.inject(context, headers, defaultTextMapSetter);
    expect(Object.keys(headers)).toHaveLength(62);
    expect(headers['clew-signature']?.length).toBeLessThan(2400);
    const came = alone.extract(rootContext, headers, getter);
    expect(trace.getSpanContext(came)?.traceId).toBe(OTHER_ID);
    expect(propagation.getBaggage(came)?.getAllEntries().length).toBeGreaterThan(10);
  });
});

test('a key that only verifies, and no longer signs, is accepted equally', () => {
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
  'with inject: [%s] alone the headers that are sent are signed, and the trace is continued as signed',
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
