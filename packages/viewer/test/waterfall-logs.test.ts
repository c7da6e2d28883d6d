import type { LogRecord } from '../src/log-record.ts';
import type { Trace } from '../src/span-record.ts';
import { renderWaterfall, type WaterfallOptions } from '../src/waterfall.ts';
import { logRecord } from './sample-logs.ts';
import { type SpanSketch, START, sketch } from './sample-trace.ts';

const SPANS: readonly SpanSketch[] = [
  { id: 'a1', name: 'POST /orders', kind: 'SERVER', ms: 10 },
  { id: 'a2', parent: 'a1', name: 'charge', at: 2, ms: 5 },
  { id: 'a3', parent: 'a1', name: 'send', at: 8, ms: 1 },
];

function traceWith(logs: readonly LogRecord[], spans = SPANS): Trace {
  return { ...sketch(spans), logs };
}

/** The lines without the spans' own. */
function logLines(trace: Trace, options: WaterfallOptions): string[] {
  const plain = renderWaterfall(trace, { ...options, logs: false }).split('\n');
  const left = [...plain];
  return renderWaterfall(trace, options)
    .split('\n')
    .filter((line) => {
      const index = left.indexOf(line);
      if (index >= 0) left.splice(index, 1);
      return index < 0;
    });
}

const at = (ms: number, record: Partial<LogRecord>) =>
  logRecord({ timeUnixNano: START + BigInt(ms * 1e6), ...record });

const LOGS = [
  at(9, { severityNumber: 9, body: 'sold' }),
  at(1, { severityNumber: 13, severityText: 'warning', body: 'low stock', attributes: { left: 2 } }),
  at(3, { spanId: '00000000000000a2', severityNumber: 17, body: 'declined\n    at charge.js:7' }),
  at(4, { spanId: '', severityNumber: 0, body: null, eventName: 'order.cancelled' }),
];

test('without the option, the line of a span has the number of its log records', () => {
  const marks = (options: WaterfallOptions) =>
    renderWaterfall(traceWith(LOGS), options).match(/(POST|charge|send)\S*( \/orders)?( [≡#]\d)?/g);
  expect(marks({})).toEqual(['POST /orders', 'POST /orders ≡3', 'charge ≡1', 'send']);
  expect(marks({ ascii: true })).toEqual(['POST /orders', 'POST /orders #3', 'charge #1', 'send']);
});

test('log records are below their span, in chronological order', () => {
  expect(logLines(traceWith(LOGS), { logs: true })).toEqual([
    '│   ≡ warning at 1.00 ms: low stock',
    '│   ≡ at 4.00 ms: order.cancelled',
    '│   ≡ INFO at 9.00 ms: sold',
    '│     ≡ ERROR at 1.00 ms: declined',
    '│           at charge.js:7',
  ]);
});

test('only errors, in ASCII', () => {
  expect(logLines(traceWith(LOGS), { logs: 'errors', ascii: true })).toEqual([
    '|     # ERROR at 1.00 ms: declined',
    '|           at charge.js:7',
  ]);
});

test('attributes are listed if those of spans are', () => {
  expect(logLines(traceWith(LOGS), { logs: true, attributes: true })).toContain('│     left: 2');
});

test('the records of a folded group are below its line', () => {
  const spans = [
    SPANS[0]!,
    ...Array.from({ length: 30 }, (_, index) => ({ id: `b${index}`, parent: 'a1', name: 'SELECT' })),
  ];
  const logs = [0, 29].map((index) =>
    logRecord({ spanId: `b${index}`.padStart(16, '0'), body: `slow ${index}` }),
  );
  expect(logLines(traceWith(logs, spans), { logs: true })).toEqual([
    expect.stringContaining('slow 0'),
    expect.stringContaining('slow 29'),
  ]);
});

test('of many records, a hundred are shown, and of a long message the beginning', () => {
  const many = Array.from({ length: 150 }, (_, index) => logRecord({ body: `log ${index}` }));
  const lines = logLines(traceWith(many), { logs: true });
  expect(lines).toHaveLength(101);
  expect(lines.at(-1)).toBe('│   … 50 more log records');
  const long = logLines(traceWith([logRecord({ body: 'x'.repeat(1_000_000) })]), { logs: true });
  expect(long.join('').length).toBeLessThan(5000);
  expect(long.map((line) => line.slice(4)).join('')).toContain('(1000000 characters)');
});

test.each(['\x1b[2J\x1b]0;owned\x07', '\u202Egnp.exe', 'a\r\nb\0', '\ud800', '\u2028'])(
  'never writes %j unescaped',
  (text) => {
    const record = logRecord({
      body: text,
      severityText: text,
      eventName: text,
      attributes: { [text]: text },
    });
    const picture = renderWaterfall(traceWith([record]), { logs: true, attributes: true });
    expect(picture.split('\n').filter((line) => /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(line))).toEqual([]);
  },
);

test('records of impossible times are drawn', () => {
  const logs = [logRecord({ timeUnixNano: 0n }), logRecord({ timeUnixNano: 2n ** 64n - 1n })];
  expect(logLines(traceWith(logs), { logs: true })).toHaveLength(2);
});
