import { droppedFromWire, w3cTraceContext } from '@clew/core';
import type { TraceState } from '@opentelemetry/api';
import { extract, inject, SPAN_ID, spanOf, TRACE_ID } from './wire.ts';

const IDS = `${TRACE_ID}-${SPAN_ID}`;

/** The content of a `traceparent`: `ids flags`, or `nothing`. */
function reads(traceparent: unknown, tracestate?: unknown): string {
  const extraction = extract(w3cTraceContext, {
    traceparent,
    ...(tracestate !== undefined && { tracestate }),
  });
  if (extraction?.kind !== 'parent') return 'nothing';
  const { traceId, spanId, traceFlags, isRemote } = extraction.spanContext;
  expect(isRemote).toBe(true);
  return `${traceId}-${spanId} ${traceFlags}`;
}

describe('traceparent', () => {
  test.each<[value: unknown, flags: number, why: string]>([
    [`00-${IDS}-00`, 0, 'not sampled'],
    [`00-${IDS}-01`, 1, 'sampled'],
    [`00-${IDS}-02`, 2, 'random trace id'],
    [`00-${IDS}-03`, 3, 'sampled, random trace id'],
    [`00-${IDS}-ff`, 3, 'unknown flags are not passed on'],
    [`00-${IDS}-fc`, 0, 'only unknown flags'],
    [[`00-${IDS}-01`], 1, 'one header in a list'],
    [`01-${IDS}-01`, 1, 'a later version'],
    [`cc-${IDS}-01-what-the-future-will-be-like`, 1, 'a later version with more fields'],
    [`cc-${IDS}-01-`, 1, 'a later version with an empty field'],
    [`fe-${IDS}-09`, 1, 'the last version'],
  ])('%j is accepted: flags %d (%s)', (value, flags) => {
    expect(reads(value)).toBe(`${IDS} ${flags}`);
  });

  test.each<[value: unknown, why: string]>([
    [`ff-${IDS}-01`, 'no version'],
    [`ff-${IDS}-01-more`, 'no version, more fields'],
    [`00-${IDS}-01-more`, 'version 00 has no more fields'],
    [`00-${IDS}-01-`, 'version 00 ends after the flags'],
    [`00-${IDS}-011`, 'flags too long'],
    [`cc-${IDS}-01more`, 'a later version adds after a dash'],
    [`cc-${IDS}-01.more`, 'a later version with fields after another separator'],
    [`00-${TRACE_ID.toUpperCase()}-${SPAN_ID}-01`, 'trace id in upper case'],
    [`00-${TRACE_ID}-${SPAN_ID.toUpperCase()}-01`, 'span id in upper case'],
    [`0A-${IDS}-01`, 'version in upper case'],
    [`00-${IDS}-0A`, 'flags in upper case'],
    [`00-${'0'.repeat(32)}-${SPAN_ID}-01`, 'trace id of zeros'],
    [`00-${TRACE_ID}-${'0'.repeat(16)}-01`, 'span id of zeros'],
    [`00-${TRACE_ID.slice(1)}-${SPAN_ID}-01`, 'trace id too short'],
    [`00-${TRACE_ID}0-${SPAN_ID}-01`, 'trace id too long'],
    [`00-${TRACE_ID}-${SPAN_ID.slice(1)}-01`, 'span id too short'],
    [`00-${TRACE_ID}-${SPAN_ID}0-01`, 'span id too long'],
    [`00-${TRACE_ID.slice(1)}g-${SPAN_ID}-01`, 'not hexadecimal'],
    [`00-${IDS}-1`, 'flags too short'],
    [`00-${IDS}-.1`, 'flags not hexadecimal'],
    [`0-${IDS}-01`, 'version too short'],
    [`000-${IDS}-01`, 'version too long'],
    [`00_${TRACE_ID}_${SPAN_ID}_01`, 'other separators'],
    [`00-${IDS}`, 'no flags'],
    [` 00-${IDS}-01`, 'white space in front'],
    [`00-${IDS}-01 `, 'white space behind'],
    [`00-${IDS}-01\n`, 'a line break behind'],
    [`00-${IDS}-01,00-${IDS}-01`, 'two headers in one'],
    [[`00-${IDS}-01`, `00-${IDS}-01`], 'two headers'],
    [[], 'an empty list'],
    ['', 'empty'],
    [42, 'no text'],
    [null, 'null'],
  ])('%j is refused and counted (%s)', (value) => {
    const before = droppedFromWire()['tracecontext: malformed traceparent'] ?? 0;
    expect(reads(value)).toBe('nothing');
    expect(droppedFromWire()['tracecontext: malformed traceparent']).toBe(before + 1);
  });

  test('absent is not counted', () => {
    const before = droppedFromWire();
    expect(extract(w3cTraceContext, { tracestate: 'a=1' })).toBeUndefined();
    expect(droppedFromWire()).toEqual(before);
  });

  test.each([
    [0, '00'],
    [1, '01'],
    [2, '02'],
    [3, '03'],
    [0xff, '03'],
    [0xfc, '00'],
  ])('flags %d are written as %s', (traceFlags, text) => {
    expect(inject(w3cTraceContext, spanOf({ traceFlags }))).toEqual({ traceparent: `00-${IDS}-${text}` });
  });
});

describe('tracestate', () => {
  const stateOf = (tracestate: unknown) => {
    const extraction = extract(w3cTraceContext, { traceparent: `00-${IDS}-01`, tracestate });
    return extraction?.kind === 'parent' ? extraction.spanContext.traceState?.serialize() : 'no parent';
  };

  test('is passed on unchanged', () => {
    expect(stateOf('b=2,a=1')).toBe('b=2,a=1');
    expect(inject(w3cTraceContext, spanOf({}, { a: '1', b: '2' })).tracestate).toBe('b=2,a=1');
  });

  test('in several headers is joined', () => {
    expect(stateOf(['a=1,b=2', 'c=3'])).toBe('a=1,b=2,c=3');
  });

  test('that is malformed is dropped and counted; the parent is kept', () => {
    const before = droppedFromWire()['tracecontext: malformed tracestate'] ?? 0;
    expect(reads(`00-${IDS}-01`, 'a=1,=2')).toBe(`${IDS} 1`);
    expect(stateOf('a=1,=2')).toBeUndefined();
    expect(droppedFromWire()['tracecontext: malformed tracestate']).toBe(before + 2);
  });

  test.each([[''], [['a=1', 2]], [{}]])('that is %j is ignored', (tracestate) => {
    expect(stateOf(tracestate)).toBeUndefined();
  });

  test('that is empty is not written', () => {
    expect(inject(w3cTraceContext, spanOf())).not.toHaveProperty('tracestate');
  });

  test('of another implementation can’t inject a header', () => {
    const evil = { serialize: () => 'a=1\r\nset-cookie: x' } as TraceState;
    expect(inject(w3cTraceContext, spanOf({ traceState: evil }))).not.toHaveProperty('tracestate');
  });
});
