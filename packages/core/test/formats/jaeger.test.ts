import { TRACE_FORMATS } from '@clew/core';
import { propagation } from '@opentelemetry/api';
import { baggageOf, extract, inject, SPAN_ID, said, spanOf, TRACE_ID } from './wire.ts';

const jaeger = TRACE_FORMATS.get('jaeger')!;
const otTrace = TRACE_FORMATS.get('ottrace')!;
const IDS = `${TRACE_ID}/${SPAN_ID}`;

describe('Jaeger', () => {
  test.each([
    [`${TRACE_ID}:${SPAN_ID}:0:1`, `parent ${IDS} sampled`],
    [`${TRACE_ID}:${SPAN_ID}:0:0`, `parent ${IDS} unsampled`],
    [`${TRACE_ID}:${SPAN_ID}:0:3`, `parent ${IDS} sampled debug`],
    [`${TRACE_ID}:${SPAN_ID}:0:01`, `parent ${IDS} sampled`],
    [`${TRACE_ID}:${SPAN_ID}:5e3ac9a4f6e3b90:9`, `parent ${IDS} sampled`],
    [`${TRACE_ID}:f067aa0ba902b7:0:1`, `parent ${IDS} sampled`],
    [`e0e4736:b7::1`, `parent ${'e0e4736'.padStart(32, '0')}/${'b7'.padStart(16, '0')} sampled`],
    [`${TRACE_ID}%3A${SPAN_ID}%3a0%3A1`, `parent ${IDS} sampled`],
  ])('reads %s', (header, expected) => {
    expect(said(extract(jaeger, { 'uber-trace-id': header }))).toBe(expected);
  });

  test.each([
    '',
    ':::',
    TRACE_ID,
    `${TRACE_ID}:${SPAN_ID}:1`,
    `${TRACE_ID}:${SPAN_ID}:0:1:1`,
    `${TRACE_ID}:${SPAN_ID}:0:x`,
    `${TRACE_ID}:${SPAN_ID}:0:`,
    `0:${SPAN_ID}:0:1`,
    `${TRACE_ID}:0:0:1`,
    `${TRACE_ID}:${SPAN_ID}:0:%E0%A4%A`,
    `${'0'.repeat(300)}${TRACE_ID}:${SPAN_ID}:0:1`,
  ])('refuses %j', (header) => {
    expect(extract(jaeger, { 'uber-trace-id': header })).toBeUndefined();
  });

  test('starts a forced trace for a debug id, and reads baggage without ids', () => {
    expect(said(extract(jaeger, { 'jaeger-debug-id': 'ticket-7' }))).toBe('start force');
    const alone = extract(jaeger, { 'jaeger-baggage': 'tenant=blue, region = eu%2Dwest,broken,=x' });
    expect(said(alone)).toBe('start');
    expect(baggageOf(alone)).toEqual({ tenant: 'blue', region: 'eu-west' });
  });

  test('reads and writes baggage, percent-encoded', () => {
    const headers = {
      'uber-trace-id': `${TRACE_ID}:${SPAN_ID}:0:1`,
      'uberctx-tenant': 'gr%C3%BCn%20%26%20blau',
      'UBERCTX-Region': '100%',
      'uberctx-': 'no key',
      'uberctx-two': ['a', 'b'],
    };
    const extraction = extract(jaeger, headers);
    expect(baggageOf(extraction)).toEqual({ tenant: 'grün & blau', Region: '100%' });
    const baggage = propagation.createBaggage({
      tenant: { value: 'grün\r\nX-Evil: 1' },
      'not a token': { value: '1' },
      'evil\r\n': { value: '1' },
    });
    expect(inject(jaeger, spanOf(), baggage)).toEqual({
      'uber-trace-id': `${TRACE_ID}:${SPAN_ID}:0:1`,
      'uberctx-tenant': 'gr%C3%BCn%0D%0AX-Evil%3A%201',
    });
  });

  test('reads at most 64 entries of baggage', () => {
    const headers: Record<string, string> = { 'uber-trace-id': `${TRACE_ID}:${SPAN_ID}:0:1` };
    for (let i = 0; i < 1000; i++) headers[`uberctx-k${i}`] = 'v';
    const { baggage } = extract(jaeger, headers)!;
    expect(baggage?.getAllEntries()).toHaveLength(64);
    const written = inject(jaeger, spanOf(), baggage?.setEntry('one-more', { value: 'v' }));
    expect(Object.keys(written)).toHaveLength(65);
  });

  test('preserves the flags of a debug trace', () => {
    expect(inject(jaeger, spanOf({}, { clew: 'd:1' }))['uber-trace-id']).toMatch(/:3$/);
    expect(inject(jaeger, spanOf({ traceFlags: 0 }))['uber-trace-id']).toMatch(/:0$/);
  });
});

describe('OT', () => {
  const ids = { 'ot-tracer-traceid': TRACE_ID.slice(16), 'ot-tracer-spanid': SPAN_ID };
  const PADDED = `0000000000000000${TRACE_ID.slice(16)}/${SPAN_ID}`;

  test.each([
    [{ ...ids, 'ot-tracer-sampled': 'true' }, `parent ${PADDED} sampled`],
    [{ ...ids, 'ot-tracer-sampled': 'false' }, `parent ${PADDED} unsampled`],
    [ids, `parent ${PADDED} undecided`],
    [{ ...ids, 'ot-tracer-traceid': TRACE_ID }, `parent ${IDS} undecided`],
    [{ ...ids, 'ot-tracer-spanid': 'f067aa0ba902b7' }, `parent ${PADDED} undecided`],
    [{ 'ot-tracer-traceid': TRACE_ID }, 'nothing'],
    [{ ...ids, 'ot-tracer-traceid': '0' }, 'nothing'],
  ])('reads %j', (headers, expected) => {
    expect(said(extract(otTrace, headers))).toBe(expected);
  });

  test('writes the lower half of the trace id, and baggage', () => {
    const baggage = propagation.createBaggage({ tenant: { value: 'a b' } });
    expect(inject(otTrace, spanOf(), baggage)).toEqual({
      ...ids,
      'ot-tracer-sampled': 'true',
      'ot-baggage-tenant': 'a%20b',
    });
    expect(baggageOf(extract(otTrace, { ...ids, 'ot-baggage-tenant': 'a%20b' }))).toEqual({ tenant: 'a b' });
  });
});
