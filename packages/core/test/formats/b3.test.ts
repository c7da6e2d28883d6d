import { droppedFromWire, TRACE_FORMATS } from '@clew/core';
import { extract, inject, SPAN_ID, said, spanOf, TRACE_ID } from './wire.ts';

const b3 = TRACE_FORMATS.get('b3')!;
const b3Multi = TRACE_FORMATS.get('b3multi')!;
const IDS = `${TRACE_ID}/${SPAN_ID}`;
const SHORT = 'a3ce929d0e0e4736';

describe('B3 in one header', () => {
  test.each([
    [`${TRACE_ID}-${SPAN_ID}-1`, `parent ${IDS} sampled`],
    [`${TRACE_ID}-${SPAN_ID}-0`, `parent ${IDS} unsampled`],
    [`${TRACE_ID}-${SPAN_ID}-d`, `parent ${IDS} sampled debug`],
    [`${TRACE_ID}-${SPAN_ID}`, `parent ${IDS} undecided`],
    [`${TRACE_ID}-${SPAN_ID}-1-05e3ac9a4f6e3b90`, `parent ${IDS} sampled`],
    [`${TRACE_ID.toUpperCase()}-${SPAN_ID.toUpperCase()}-1`, `parent ${IDS} sampled`],
    [`${SHORT}-${SPAN_ID}-1`, `parent 0000000000000000${SHORT}/${SPAN_ID} sampled`],
    ['0', 'start drop'],
    ['1', 'start sample'],
    ['d', 'start force'],
  ])('reads %s', (header, expected) => {
    expect(said(extract(b3, { b3: header }))).toBe(expected);
  });

  test.each([
    ['', 'is empty'],
    ['x', 'is not a decision'],
    [TRACE_ID, 'has no span id'],
    [`${TRACE_ID}-${SPAN_ID}-x`, 'has an unknown decision'],
    [`${TRACE_ID}-${SPAN_ID}-1-xyz`, 'has a malformed parent'],
    [`${TRACE_ID}-${SPAN_ID}-1-${SPAN_ID}-1`, 'has a field too many'],
    [`${TRACE_ID}0-${SPAN_ID}-1`, 'has a trace id too long'],
    [`${'0'.repeat(32)}-${SPAN_ID}-1`, 'has no trace id but zeros'],
    [`${TRACE_ID}-${'0'.repeat(16)}-1`, 'has no span id but zeros'],
    [`g${TRACE_ID.slice(1)}-${SPAN_ID}-1`, 'has a letter that is not a hex digit'],
  ])('refuses and counts %j, which %s', (header) => {
    const before = droppedFromWire()['b3: malformed b3'] ?? 0;
    expect(extract(b3, { b3: header })).toBeUndefined();
    expect(droppedFromWire()['b3: malformed b3']).toBe(before + 1);
  });

  test('writes ids and decision', () => {
    expect(inject(b3, spanOf())).toEqual({ b3: `${TRACE_ID}-${SPAN_ID}-1` });
    expect(inject(b3, spanOf({ traceFlags: 0 }))).toEqual({ b3: `${TRACE_ID}-${SPAN_ID}-0` });
  });

  test('writes a 64-bit trace id with 16 digits', () => {
    const traceId = `0000000000000000${SHORT}`;
    expect(inject(b3, spanOf({ traceId }))).toEqual({ b3: `${SHORT}-${SPAN_ID}-1` });
  });

  test('writes the debug flag of a debug trace, unless the trace was dropped later', () => {
    const debug = extract(b3, { b3: `${TRACE_ID}-${SPAN_ID}-d` });
    if (debug?.kind !== 'parent') throw new Error('expected a parent');
    expect(inject(b3, debug.spanContext)).toEqual({ b3: `${TRACE_ID}-${SPAN_ID}-d` });
    expect(inject(b3, { ...debug.spanContext, traceFlags: 0 })).toEqual({ b3: `${TRACE_ID}-${SPAN_ID}-0` });
  });
});

describe('B3 with one header for each field', () => {
  const ids = { 'x-b3-traceid': TRACE_ID, 'x-b3-spanid': SPAN_ID };

  test.each([
    [{ ...ids, 'x-b3-sampled': '1' }, `parent ${IDS} sampled`],
    [{ ...ids, 'x-b3-sampled': 'true' }, `parent ${IDS} sampled`],
    [{ ...ids, 'x-b3-sampled': '0' }, `parent ${IDS} unsampled`],
    [{ ...ids, 'x-b3-sampled': 'false' }, `parent ${IDS} unsampled`],
    [{ ...ids, 'x-b3-sampled': 'maybe' }, `parent ${IDS} undecided`],
    [{ ...ids, 'x-b3-flags': '1' }, `parent ${IDS} sampled debug`],
    [{ ...ids, 'x-b3-flags': '0', 'x-b3-sampled': '0' }, `parent ${IDS} unsampled`],
    [ids, `parent ${IDS} undecided`],
    [{ ...ids, 'x-b3-traceid': SHORT }, `parent 0000000000000000${SHORT}/${SPAN_ID} undecided`],
    [{ 'x-b3-sampled': '0' }, 'start drop'],
    [{ 'x-b3-sampled': '1' }, 'start sample'],
    [{ 'x-b3-flags': '1' }, 'start force'],
    [{ 'x-b3-traceid': TRACE_ID }, 'nothing'],
    [{ 'x-b3-spanid': SPAN_ID }, 'nothing'],
    [{ ...ids, 'x-b3-traceid': 'x' }, 'nothing'],
  ])('reads %j', (headers, expected) => {
    expect(said(extract(b3Multi, headers))).toBe(expected);
  });

  test('writes ids and decision', () => {
    expect(inject(b3Multi, spanOf())).toEqual({ ...ids, 'x-b3-sampled': '1' });
    expect(inject(b3Multi, spanOf({ traceFlags: 0 }))).toEqual({ ...ids, 'x-b3-sampled': '0' });
  });

  test('writes the debug flag instead of the decision', () => {
    expect(inject(b3Multi, spanOf({}, { clew: 'd:1' }))).toEqual({ ...ids, 'x-b3-flags': '1' });
  });
});

describe('either name', () => {
  const multi = { 'x-b3-traceid': TRACE_ID, 'x-b3-spanid': SPAN_ID, 'x-b3-sampled': '1' };

  test.each([
    ['b3', b3],
    ['b3multi', b3Multi],
  ])('%s reads both encodings, the single header first', (_name, format) => {
    expect(said(extract(format, multi))).toBe(`parent ${IDS} sampled`);
    const other = `${TRACE_ID}-1111111111111111-0`;
    expect(said(extract(format, { ...multi, b3: other }))).toBe(
      `parent ${TRACE_ID}/1111111111111111 unsampled`,
    );
    expect(said(extract(format, { ...multi, b3: 'broken' }))).toBe(`parent ${IDS} sampled`);
  });
});
