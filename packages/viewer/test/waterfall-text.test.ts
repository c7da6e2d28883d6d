import { renderWaterfall } from '../src/waterfall.ts';
import { type SpanSketch, START, sketch } from './sample-trace.ts';
import { waterfallLines } from './waterfall-lines.ts';

describe('hostile text', () => {
  const hostile = [
    '\x1b[2J\x1b]0;owned\x07',
    '\x9b31m',
    'a\r\nb\tc\0',
    '\u202Egnp.exe',
    '\u2066x\u200b\ufeff',
    '\u2028\u2029',
    '\ud800',
    '\u{e0041}',
  ];
  const forbidden = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

  test.each(hostile)('never writes %j unescaped', (text) => {
    const event = { name: text, timeUnixNano: START, attributes: { [text]: [text] } };
    const spans = [
      {
        id: '1',
        name: text,
        service: text,
        error: text,
        attributes: { [text]: text, map: { [text]: text } },
      },
      {
        id: '2',
        parent: '1',
        name: 'x',
        events: [event],
        links: [{ traceId: text, spanId: text, traceState: '', attributes: { [text]: text } }],
      },
    ];
    const picture = renderWaterfall(sketch(spans, text), { attributes: true, width: 120 });
    expect(picture.split('\n').filter((line) => forbidden.test(line))).toEqual([]);
    expect(picture).toMatch(/\\x|\\u\{|\\r|\\n/);
  });

  test('limits combining marks', () => {
    const [line] = waterfallLines(sketch([{ id: '1', name: `Z${'\u0351'.repeat(5000)}algo` }]));
    expect(line).toMatch(/^Z\u0351\u0351algo/);
  });

  test('draws impossible times and huge counts', () => {
    const [span] = sketch([{ id: '1', name: 'x' }]).spans;
    const spans = [
      { ...span!, startTimeUnixNano: 2n ** 64n - 1n, endTimeUnixNano: 0n },
      { ...span!, spanId: '2'.repeat(16), startTimeUnixNano: 0n, endTimeUnixNano: 2n ** 64n - 1n },
    ];
    expect(renderWaterfall({ traceId: 'x', spans })).toContain('213504 d');
  });
});

test("shows an error's exception, or its type and message, or that there was an error", () => {
  const exception = (attributes: Record<string, string>) => [
    { name: 'exception', timeUnixNano: START, attributes },
  ];
  const spans: SpanSketch[] = [
    {
      id: '1',
      name: 'a',
      error: 'status',
      events: exception({ 'exception.type': 'TypeError', 'exception.message': 'bad\nworse' }),
    },
    { id: '2', name: 'b', error: 'refused', attributes: { 'error.type': 'ECONNREFUSED' }, at: 1 },
    { id: '3', name: 'c', error: '', attributes: { 'error.type': '500' }, at: 2 },
    { id: '4', name: 'd', error: '', at: 3 },
    { id: '5', name: 'e', events: exception({ 'exception.type': 'Handled' }), at: 4 },
  ];
  const errors = waterfallLines(sketch(spans)).filter((line) => line.includes('✗'));
  expect(errors.map((line) => line.trim())).toEqual([
    '✗ TypeError: bad\\nworse',
    '✗ ECONNREFUSED: refused',
    '✗ 500',
    '✗ error',
  ]);
});
