import { droppedFromWire, type Extraction, TRACE_FORMATS } from '@clew/core';
import fc from 'fast-check';
import { extract, inject, SPAN_ID, said, spanOf, TRACE_ID } from './wire.ts';

const datadog = TRACE_FORMATS.get('datadog')!;
/** The lower half of the trace id, and the span id, in decimal. */
const LOW = '11803532876627986230';
const SPAN = '67667974448284343';
const ids = { 'x-datadog-trace-id': LOW, 'x-datadog-parent-id': SPAN };
const TID = { 'x-datadog-tags': `_dd.p.tid=${TRACE_ID.slice(0, 16)}` };
const PADDED = `0000000000000000${TRACE_ID.slice(16)}/${SPAN_ID}`;

describe('Datadog', () => {
  test('an origin of more than 256 characters is dropped and counted', () => {
    const cause = 'datadog: x-datadog-origin beyond 256 characters';
    const before = droppedFromWire()[cause] ?? 0;
    const read = (origin: string) => {
      const extraction = extract(datadog, { ...ids, 'x-datadog-origin': origin });
      return extraction?.kind === 'parent' ? extraction.spanContext.traceState?.get('dd') : undefined;
    };
    expect(read('rum')).toContain('o:rum');
    expect(read('r'.repeat(257)) ?? '').not.toContain('o:');
    expect(droppedFromWire()[cause]).toBe(before + 1);
  });

  test.each([
    [{ ...ids, ...TID, 'x-datadog-sampling-priority': '1' }, `parent ${TRACE_ID}/${SPAN_ID} sampled`],
    [{ ...ids, 'x-datadog-sampling-priority': '1' }, `parent ${PADDED} sampled`],
    [{ ...ids, 'x-datadog-sampling-priority': '0' }, `parent ${PADDED} unsampled`],
    [{ ...ids, 'x-datadog-sampling-priority': '-1' }, `parent ${PADDED} unsampled`],
    [{ ...ids, 'x-datadog-sampling-priority': '2' }, `parent ${PADDED} sampled debug`],
    [{ ...ids, 'x-datadog-sampling-priority': 'yes' }, `parent ${PADDED} undecided`],
    [ids, `parent ${PADDED} undecided`],
    [{ ...ids, 'x-datadog-tags': '_dd.p.tid=xyz' }, `parent ${PADDED} undecided`],
    [{ 'x-datadog-sampling-priority': '-1' }, 'start drop'],
    [{ 'x-datadog-sampling-priority': '1' }, 'start sample'],
    [{ 'x-datadog-sampling-priority': '2' }, 'start force'],
    [
      { ...ids, ...TID, 'x-datadog-parent-id': '0', 'x-datadog-sampling-priority': '1' },
      `start ${TRACE_ID} sample`,
    ],
    [{ 'x-datadog-trace-id': LOW }, 'nothing'],
    [{ ...ids, 'x-datadog-trace-id': '0' }, 'nothing'],
    [{ ...ids, 'x-datadog-trace-id': '18446744073709551616' }, 'nothing'],
    [{ ...ids, 'x-datadog-trace-id': '0x1' }, 'nothing'],
    [{ ...ids, 'x-datadog-parent-id': '1'.repeat(21) }, 'nothing'],
  ])('reads %j', (headers, expected) => {
    expect(said(extract(datadog, headers))).toBe(expected);
  });

  test.each([
    ['1', '0000000000000001'],
    ['18446744073709551615', 'ffffffffffffffff'],
    ['9223372036854775808', '8000000000000000'],
    ['4294967296', '0000000100000000'],
    ['4294967295', '00000000ffffffff'],
    ['1000000', '00000000000f4240'],
    ['999999', '00000000000f423f'],
    ['00000000000000000007', '0000000000000007'],
  ])('converts the decimal id %s exactly', (decimal, hex) => {
    const extraction = extract(datadog, { ...ids, 'x-datadog-parent-id': decimal });
    expect(said(extraction)).toContain(`/${hex}`);
    const written = inject(datadog, spanOf({ spanId: hex }))['x-datadog-parent-id'];
    expect(written).toBe(String(BigInt(decimal)));
  });

  test('converts every id exactly', () => {
    const ids64 = fc.bigInt({ min: 1n, max: 2n ** 64n - 1n });
    fc.assert(
      fc.property(ids64, (id) => {
        const spanId = id.toString(16).padStart(16, '0');
        expect(inject(datadog, spanOf({ spanId }))['x-datadog-parent-id']).toBe(String(id));
        expect(said(extract(datadog, { ...ids, 'x-datadog-parent-id': String(id) }))).toContain(
          `/${spanId} `,
        );
      }),
      { numRuns: 1000 },
    );
  });

  test('carries priority, origin and tags in the tracestate and back', () => {
    const headers = {
      ...ids,
      'x-datadog-sampling-priority': '2',
      'x-datadog-origin': 'synthetics',
      'x-datadog-tags': `_dd.p.tid=${TRACE_ID.slice(0, 16)},_dd.p.dm=-4,_dd.p.usr.id=YQ==,other=1`,
    };
    const { traceState } = parentOf(extract(datadog, headers)).spanContext;
    expect(traceState?.get('dd')).toBe('s:2;o:synthetics;t.dm:-4;t.usr.id:YQ~~');
    expect(inject(datadog, spanOf(traceState === undefined ? {} : { traceState }))).toEqual({
      ...headers,
      'x-datadog-tags': `_dd.p.tid=${TRACE_ID.slice(0, 16)},_dd.p.dm=-4,_dd.p.usr.id=YQ==`,
    });
  });

  test('continues a trace that Datadog sent in W3C headers', () => {
    const span = spanOf({}, { dd: 's:1;o:rum;p:00f067aa0ba902b7;t.dm:-0' });
    expect(inject(datadog, span)).toEqual({
      ...ids,
      'x-datadog-sampling-priority': '1',
      'x-datadog-origin': 'rum',
      'x-datadog-tags': `_dd.p.tid=${TRACE_ID.slice(0, 16)},_dd.p.dm=-0`,
    });
  });

  test('writes a priority that agrees with a later sampling decision', () => {
    const priority = (flags: number, dd: string) =>
      inject(datadog, spanOf({ traceFlags: flags }, { dd }))['x-datadog-sampling-priority'];
    expect(priority(1, 's:-1')).toBe('1');
    expect(priority(0, 's:2')).toBe('0');
    expect(priority(0, 's:-1')).toBe('-1');
    expect(priority(1, 's:broken')).toBe('1');
    expect(inject(datadog, spanOf({}, { clew: 'd:1' }))['x-datadog-sampling-priority']).toBe('2');
  });

  test('writes nothing from a trace state that is not allowed in a header', () => {
    const hostile = { get: () => 'o:a\r\nX-Evil: 1;t.a\nb:c,d=e;t.tid:0', serialize: () => '' };
    const traceState = { ...hostile, set: () => traceState, unset: () => traceState };
    const headers = inject(datadog, { traceId: TRACE_ID, spanId: SPAN_ID, traceFlags: 1, traceState });
    expect(headers['x-datadog-origin']).toBe('a__X-Evil: 1');
    expect(headers['x-datadog-tags']).toBe(`_dd.p.tid=${TRACE_ID.slice(0, 16)},_dd.p.a_b=c_d=e`);
  });

  test('respects the limits of header and member: a tag that does not fit is dropped', () => {
    const long = { ...ids, 'x-datadog-tags': `_dd.p.a=${'x'.repeat(300)},_dd.p.dm=-4` };
    const member = parentOf(extract(datadog, long)).spanContext.traceState?.get('dd');
    expect(member).toBe('t.dm:-4');
    const tooLong = { ...ids, 'x-datadog-tags': `_dd.p.a=${'x'.repeat(600)}` };
    expect(parentOf(extract(datadog, tooLong)).spanContext.traceState).toBeUndefined();
  });
});

function parentOf(extraction: Extraction | undefined) {
  if (extraction?.kind !== 'parent') throw new Error(`expected a parent, got ${said(extraction)}`);
  return extraction;
}
