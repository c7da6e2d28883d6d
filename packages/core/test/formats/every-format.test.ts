import { TRACE_FORMATS, type TraceFormat } from '@clew/core';
import { propagation, type SpanContext } from '@opentelemetry/api';
import fc from 'fast-check';
import { extract, inject, lookUpsWithout, said, spanOf, TRACE_ID } from './wire.ts';

const FORMATS: readonly TraceFormat[] = [...new Set(TRACE_FORMATS.values())];
const BY_NAME = FORMATS.map((format) => [format.name, format] as const);

/** Headers that are read but not written. */
const READ_ONLY = ['x-b3-parentspanid', 'jaeger-debug-id', 'jaeger-baggage', 'uberctx-a', 'ot-baggage-a'];
const ALL_HEADERS = [...new Set([...FORMATS.flatMap(({ fields }) => fields), ...READ_ONLY])];

const hex = (digits: number) =>
  fc.stringMatching(new RegExp(`^[0-9a-f]{${digits}}$`)).filter((id) => /[1-9a-f]/.test(id));

const traceIds = fc.oneof(
  hex(32),
  hex(16).map((half) => half.padStart(32, '0')),
);
const spans = fc.record({ traceId: traceIds, spanId: hex(16), traceFlags: fc.constantFrom(0, 1) });

/** Values that are similar enough to valid ones to pass the first checks. */
const nearMisses = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.stringMatching(/^[0-9a-fA-F:;=,/\-%.?d ]{0,120}$/),
  fc
    .tuple(spans, fc.constantFrom(...FORMATS), fc.nat(), fc.string({ maxLength: 3 }))
    .map(([span, format, at, bit]) => {
      const values = Object.values(inject(format, span));
      const value = values[at % values.length] ?? '';
      const cut = at % (value.length + 1);
      return value.slice(0, cut) + bit + value.slice(cut + bit.length);
    }),
);
const anything = fc.oneof(
  { weight: 8, arbitrary: nearMisses },
  { weight: 2, arbitrary: fc.array(nearMisses, { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.anything() },
);
const carriers = fc.dictionary(fc.constantFrom(...ALL_HEADERS, '__proto__', 'constructor'), anything);

describe.each(BY_NAME)('%s', (_name, format) => {
  test('reads any value without throwing, and returns only valid ids', () => {
    fc.assert(
      fc.property(carriers, (headers) => {
        const extraction = extract(format, headers);
        if (extraction?.kind === 'parent') {
          expect(extraction.spanContext.traceId).toMatch(/^(?!0{32})[\da-f]{32}$/);
          expect(extraction.spanContext.spanId).toMatch(/^(?!0{16})[\da-f]{16}$/);
          expect(extraction.spanContext.isRemote).toBe(true);
        } else if (extraction?.traceId !== undefined) {
          expect(extraction.traceId).toMatch(/^(?!0{32})[\da-f]{32}$/);
        }
      }),
      { numRuns: 400 },
    );
  });

  test('reads back what it writes', () => {
    fc.assert(
      fc.property(spans, (span) => {
        const extraction = extract(format, inject(format, span));
        if (extraction?.kind !== 'parent') throw new Error(said(extraction));
        const { traceId, spanId, traceFlags } = extraction.spanContext;
        const carried =
          format.name === 'ottrace' ? `${'0'.repeat(16)}${span.traceId.slice(16)}` : span.traceId;
        if (carried === '0'.repeat(32)) return;
        expect({ traceId, spanId, traceFlags }).toEqual({ ...span, traceId: carried });
        expect(extraction.undecided).toBeUndefined();
      }),
      { numRuns: 200 },
    );
  });

  test('writes no line break and no other control character', () => {
    const texts = fc.string({
      unit: fc.constantFrom('a', 'Z', '\r', '\n', '\0', ' ', ';', ',', '=', 'é', '\ud800'),
    });
    const hostile = fc.record({ span: spans, key: texts, value: texts, state: texts });
    fc.assert(
      fc.property(hostile, ({ span, key, value, state }) => {
        const baggage = propagation.createBaggage({ [key]: { value }, a: { value } });
        const traceState: NonNullable<SpanContext['traceState']> = {
          get: () => `o:${state};t.${key}:${value}`,
          set: () => traceState,
          unset: () => traceState,
          serialize: () => `dd=${state}`,
        };
        for (const [name, text] of Object.entries(inject(format, { ...span, traceState }, baggage))) {
          expect(name).toMatch(/^[\w!#$%&'*+\-.^`|~]+$/);
          expect(text).toMatch(/^[\x20-\x7e]*$/);
        }
      }),
      { numRuns: 200 },
    );
  });

  // A format with quadratic cost would not finish here: 10¹² steps instead of 10⁶.
  test.each(['0', ':', '-', ';', ',', '=', '%', 'a', '/', ' ', 'Root=', '0:', 'a=b,', '%41'])(
    'reads a million characters of %j in proportion',
    (unit) => {
      const text = unit.repeat(1_000_000 / unit.length);
      const headers: Record<string, string> = {};
      for (const name of ALL_HEADERS) headers[name] = text;
      const extraction = extract(format, headers);
      expect(extraction?.kind === 'parent').toBe(false);
    },
  );

  test('reads no more headers than its limits, however many there are', () => {
    const headers: Record<string, string> = { ...inject(format, spanOf()) };
    for (let i = 0; i < 10_000; i++) {
      headers[`uberctx-k${i}`] = 'v';
      headers[`ot-baggage-k${i}`] = 'v';
    }
    expect(extract(format, headers)?.baggage?.getAllEntries().length ?? 0).toBeLessThanOrEqual(64);
  });
});

test('an absent format costs one look-up for each header that may be present without the others', () => {
  const costs = Object.fromEntries(BY_NAME.map(([name, format]) => [name, lookUpsWithout(format)]));
  const one = { gets: 1, lists: 0 };
  expect(costs).toEqual({
    tracecontext: one,
    b3: { gets: 4, lists: 0 },
    b3multi: { gets: 4, lists: 0 },
    jaeger: { gets: 3, lists: 0 },
    xray: one,
    ottrace: one,
    datadog: { gets: 2, lists: 0 },
    gcp: one,
    'opencensus-binary': one,
    elastic: one,
    sentry: one,
  });
});

test('a debug trace is preserved between formats that can express it', () => {
  const debug = extract(TRACE_FORMATS.get('b3')!, { b3: `${TRACE_ID}-00f067aa0ba902b7-d` });
  if (debug?.kind !== 'parent') throw new Error('expected a parent');
  const kept = BY_NAME.filter(([, format]) => {
    const extraction = extract(format, inject(format, debug.spanContext));
    return extraction?.kind === 'parent' && extraction.debug === true;
  });
  const names = kept.map(([name]) => name);
  expect(names).toEqual(['tracecontext', 'b3', 'b3multi', 'jaeger', 'datadog', 'elastic']);
});

test.each([
  ['b3', { b3: 'd' }],
  ['b3multi', { 'x-b3-flags': '1' }],
  ['jaeger', { 'jaeger-debug-id': 'ticket-7' }],
  ['datadog', { 'x-datadog-sampling-priority': '2' }],
])(
  'a trace that %s asks to debug without a parent is a debug trace for the next process',
  (name, headers) => {
    const format = TRACE_FORMATS.get(name)!;
    const start = extract(format, headers);
    if (start?.kind !== 'start') throw new Error('expected a start');
    const { traceState } = start;
    const span = {
      traceId: TRACE_ID,
      spanId: '00f067aa0ba902b7',
      traceFlags: 1,
      ...(traceState && { traceState }),
    };
    expect(extract(format, inject(format, span))).toMatchObject({ kind: 'parent', debug: true });
  },
);

test('a tracestate of ten thousand members is dropped, and the parent is kept', () => {
  const tracestate = Array.from({ length: 10_000 }, (_, i) => `k${i}=v`).join(',');
  const headers = { traceparent: `00-${TRACE_ID}-00f067aa0ba902b7-01`, tracestate };
  const extraction = extract(TRACE_FORMATS.get('tracecontext')!, headers);
  if (extraction?.kind !== 'parent') throw new Error('expected a parent');
  expect(extraction.spanContext.traceState).toBeUndefined();
});

test("each name has one format, including OpenTelemetry's names", () => {
  for (const [name, format] of TRACE_FORMATS) {
    expect([name, TRACE_FORMATS.get(format.name)]).toEqual([name, format]);
  }
  for (const name of ['tracecontext', 'b3', 'b3multi', 'jaeger', 'xray', 'ottrace']) {
    expect(TRACE_FORMATS.get(name)?.name).toBe(name);
  }
});
