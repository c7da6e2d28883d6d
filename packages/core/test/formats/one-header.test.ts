import { droppedFromWire, TRACE_FORMATS } from '@clew/core';
import { decodeOpencensus, encodeOpencensus } from '../../src/propagation/formats/opencensus-binary.ts';
import { extract, inject, SPAN_ID, said, spanOf, TRACE_ID } from './wire.ts';

const IDS = `${TRACE_ID}/${SPAN_ID}`;
const ROOT = `1-${TRACE_ID.slice(0, 8)}-${TRACE_ID.slice(8)}`;
const DECIMAL = '67667974448284343';
const BINARY = `0000${TRACE_ID}01${SPAN_ID}02`;

interface Row {
  readonly name: string;
  readonly header: string;
  readonly written: string;
  readonly reads: readonly (readonly [header: string, said: string])[];
  readonly refuses: readonly string[];
}

const ROWS: readonly Row[] = [
  {
    name: 'xray',
    header: 'x-amzn-trace-id',
    written: `Root=${ROOT};Parent=${SPAN_ID};Sampled=1`,
    reads: [
      [`Root=${ROOT};Parent=${SPAN_ID};Sampled=1`, `parent ${IDS} sampled`],
      [`Sampled=0; Parent=${SPAN_ID};  Root=${ROOT}`, `parent ${IDS} unsampled`],
      [`Root=${ROOT};Parent=${SPAN_ID};Sampled=?`, `parent ${IDS} undecided`],
      [`Root=${ROOT};Parent=${SPAN_ID}`, `parent ${IDS} undecided`],
      [`Self=1-67891234-12456789abcdef012345678;Root=${ROOT};CalledFrom=app`, `start ${TRACE_ID}`],
      [`Root=${ROOT};Sampled=1`, `start ${TRACE_ID} sample`],
      [`Root=${ROOT};Parent=;Sampled=0`, `start ${TRACE_ID} drop`],
      [`Root=${ROOT.toUpperCase()};Parent=${SPAN_ID.toUpperCase()};Sampled=1`, `parent ${IDS} sampled`],
      ['Sampled=0', 'start drop'],
      ['Sampled=1', 'start sample'],
    ],
    refuses: [
      `Root=2-${ROOT.slice(2)};Parent=${SPAN_ID}`,
      `Root=${TRACE_ID};Parent=${SPAN_ID}`,
      `Root=1-00000000-${'0'.repeat(24)};Parent=${SPAN_ID}`,
      `Root=${ROOT};Parent=${'0'.repeat(16)};Sampled=1`,
      `Root=${ROOT};Parent=1;Sampled=1`,
      `Root=${ROOT};Parent=${SPAN_ID};Pad=${'x'.repeat(2048)}`,
    ],
  },
  {
    name: 'gcp',
    header: 'x-cloud-trace-context',
    written: `${TRACE_ID}/${DECIMAL};o=1`,
    reads: [
      [`${TRACE_ID}/${DECIMAL};o=1`, `parent ${IDS} sampled`],
      [`${TRACE_ID}/${DECIMAL};o=0`, `parent ${IDS} unsampled`],
      [`${TRACE_ID}/${DECIMAL};o=3`, `parent ${IDS} sampled`],
      [`${TRACE_ID}/${DECIMAL}`, `parent ${IDS} undecided`],
      [`${TRACE_ID.toUpperCase()}/1;o=1`, `parent ${TRACE_ID}/0000000000000001 sampled`],
      [`${TRACE_ID}/0;o=1`, `start ${TRACE_ID} sample`],
      [`${TRACE_ID};o=0`, `start ${TRACE_ID} drop`],
      [TRACE_ID, `start ${TRACE_ID}`],
    ],
    refuses: [
      '',
      `${TRACE_ID.slice(1)}/1;o=1`,
      `${'0'.repeat(32)}/1;o=1`,
      `${TRACE_ID}/18446744073709551616;o=1`,
      `${TRACE_ID}/-1;o=1`,
      `${TRACE_ID}/${SPAN_ID}x;o=1`,
      `${TRACE_ID}/1;o=`,
      `${TRACE_ID}/1;p=1`,
    ],
  },
  {
    name: 'sentry',
    header: 'sentry-trace',
    written: `${TRACE_ID}-${SPAN_ID}-1`,
    reads: [
      [`${TRACE_ID}-${SPAN_ID}-1`, `parent ${IDS} sampled`],
      [`${TRACE_ID}-${SPAN_ID}-0`, `parent ${IDS} unsampled`],
      [`${TRACE_ID}-${SPAN_ID}`, `parent ${IDS} undecided`],
      [`${TRACE_ID}-${SPAN_ID}-`, `parent ${IDS} undecided`],
      ['0', 'start drop'],
      ['1', 'start sample'],
    ],
    refuses: [
      '',
      TRACE_ID,
      `${TRACE_ID}-${SPAN_ID}-2`,
      `${TRACE_ID}-${SPAN_ID}-1-1`,
      `${TRACE_ID.slice(16)}-${SPAN_ID}-1`,
      `${'0'.repeat(32)}-${SPAN_ID}-1`,
    ],
  },
  {
    name: 'opencensus-binary',
    header: 'grpc-trace-bin',
    written: base64(`${BINARY}01`),
    reads: [
      [base64(`${BINARY}01`), `parent ${IDS} sampled`],
      [base64(`${BINARY}00`), `parent ${IDS} unsampled`],
      [base64(`${BINARY}01`).replace(/=+$/, ''), `parent ${IDS} sampled`],
      [base64(`${BINARY}010355`), `parent ${IDS} sampled`],
    ],
    refuses: [
      '',
      'not base64!',
      base64(BINARY),
      base64(`01${BINARY.slice(2)}01`),
      base64(`0001${BINARY.slice(4)}01`),
      base64(`0000${'0'.repeat(32)}01${SPAN_ID}0201`),
      base64(`0000${TRACE_ID}01${'0'.repeat(16)}0201`),
      base64(`${BINARY}01${'00'.repeat(300)}`),
    ],
  },
  {
    name: 'elastic',
    header: 'elastic-apm-traceparent',
    written: `00-${TRACE_ID}-${SPAN_ID}-01`,
    reads: [
      [`00-${TRACE_ID}-${SPAN_ID}-01`, `parent ${IDS} sampled`],
      [`00-${TRACE_ID}-${SPAN_ID}-00`, `parent ${IDS} unsampled`],
    ],
    refuses: ['', `ff-${TRACE_ID}-${SPAN_ID}-01`, `00-${TRACE_ID.toUpperCase()}-${SPAN_ID}-01`],
  },
];

describe.each(ROWS)('$name', ({ name, header, written, reads, refuses }) => {
  const format = TRACE_FORMATS.get(name)!;

  test('writes ids and decision', () => {
    expect(inject(format, spanOf({ traceState: undefined } as never))).toEqual({ [header]: written });
    const unsampled = inject(format, spanOf({ traceFlags: 0 }));
    expect(said(extract(format, unsampled))).toBe(`parent ${IDS} unsampled`);
  });

  test.each(reads)('reads %s', (value, expected) => {
    expect(said(extract(format, { [header]: value }))).toBe(expected);
    expect(said(extract(format, { [header]: [value] }))).toBe(expected);
  });

  test.each(refuses)('counts and refuses %j', (value) => {
    const before = droppedFromWire()[`${name}: malformed ${header}`] ?? 0;
    expect(extract(format, { [header]: value })).toBeUndefined();
    expect(droppedFromWire()[`${name}: malformed ${header}`]).toBe(before + 1);
  });

  test('refuses a repeated header', () => {
    expect(extract(format, { [header]: [written, written] })).toBeUndefined();
  });
});

describe('special cases', () => {
  test('an X-Ray header without a trace is not counted as malformed', () => {
    const before = droppedFromWire()['xray: malformed x-amzn-trace-id'];
    expect(extract(TRACE_FORMATS.get('xray')!, { 'x-amzn-trace-id': 'Self=1-2-3' })).toBeUndefined();
    expect(droppedFromWire()['xray: malformed x-amzn-trace-id']).toBe(before);
  });

  test("OpenCensus' bytes are read from gRPC metadata", () => {
    const bytes = encodeOpencensus(spanOf());
    expect(bytes.toString('hex')).toBe(`${BINARY}01`);
    expect(said(decodeOpencensus(bytes))).toBe(`parent ${IDS} sampled`);
    const format = TRACE_FORMATS.get('opencensus-binary')!;
    expect(said(extract(format, { 'grpc-trace-bin': bytes }))).toBe(`parent ${IDS} sampled`);
    expect(said(extract(format, { 'grpc-trace-bin': [new Uint8Array(bytes)] }))).toBe(
      `parent ${IDS} sampled`,
    );
  });

  test("Elastic's sample rate is passed on in the tracestate", () => {
    const format = TRACE_FORMATS.get('elastic')!;
    const headers = { 'elastic-apm-traceparent': `00-${TRACE_ID}-${SPAN_ID}-01`, tracestate: 'es=s:0.25' };
    const extraction = extract(format, headers);
    if (extraction?.kind !== 'parent') throw new Error('expected a parent');
    expect(inject(format, extraction.spanContext)).toEqual(headers);
  });
});

function base64(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64');
}
