import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Trace } from '../src/span-record.ts';
import { textWidth } from '../src/terminal.ts';
import { renderWaterfall } from '../src/waterfall.ts';
import { ORDER, type SpanSketch, START, sketch } from './sample-trace.ts';

// UPDATE_GOLDEN=1 rewrites them; review the difference like code.
function expectGolden(name: string, text: string): void {
  const file = join(__dirname, 'golden', name);
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(file, text);
  expect(text).toBe(readFileSync(file, 'utf8'));
}

/** The lines below the axis: spans, errors, notes. */
function body(trace: Trace, options: Parameters<typeof renderWaterfall>[1] = {}): string[] {
  const lines = renderWaterfall(trace, options).split('\n');
  return lines.slice(lines.findIndex((line) => /^ +[├|][─-]/.test(line)) + 1, -1);
}

function names(spans: readonly SpanSketch[]): string[] {
  return body(sketch(spans)).map((line) => line.replace(/(\S) {2,}.*$/, '$1'));
}

describe('the complete output', () => {
  test.each([
    ['order-40.txt', { width: 40 }],
    ['order-80.txt', { width: 80 }],
    ['order-120.txt', { width: 120 }],
    ['order-ascii.txt', { width: 80, ascii: true }],
    ['order-color.txt', { width: 80, color: true }],
    ['order-attributes.txt', { width: 80, attributes: true }],
  ])('%s', (name, options) => {
    expectGolden(name, renderWaterfall(ORDER, options));
  });

  test.each([40, 41, 59, 60, 61, 80, 99, 100, 133, 200])('has no line wider than %i columns', (width) => {
    const spans = [
      {
        id: '1',
        name: 'a name that is longer than its column '.repeat(4),
        service: 'a service with a long name',
      },
      {
        id: '2',
        parent: '1',
        name: '東京の名前は幅が広い'.repeat(5),
        error: 'bad '.repeat(60),
        service: '大阪'.repeat(20),
      },
      {
        id: '3',
        parent: '2',
        name: '👩‍👩‍👧 e\u0301te\u0301',
        attributes: { ['k'.repeat(90)]: 'v'.repeat(300) },
      },
    ];
    for (const trace of [ORDER, sketch(spans)]) {
      const lines = renderWaterfall(trace, { width, attributes: true }).split('\n');
      expect(lines.filter((line) => textWidth(line) > width)).toEqual([]);
    }
  });

  test('has at least 40 columns', () => {
    expect(renderWaterfall(ORDER, { width: 10 })).toBe(renderWaterfall(ORDER, { width: 40 }));
  });
});

test('names a trace without its root after the topmost span, not after a child', () => {
  const [title] = renderWaterfall(
    sketch([
      { id: '2', parent: '1', name: 'GET /basket' },
      { id: '3', parent: '2', name: 'SELECT baskets' },
    ]),
  ).split('\n');
  expect(title).toMatch(/ GET \/basket$/);
});

describe('the header', () => {
  const lines = (spans: readonly SpanSketch[], width = 120) =>
    renderWaterfall(sketch(spans), { width }).split('\n').slice(0, 4);

  test.each([
    [
      'a policy',
      { 'clew.sampling.policy': 'checkout', 'clew.sampling.kept': 'error' },
      'policy checkout (kept: error)',
    ],
    ['a policy alone', { 'clew.sampling.policy': 'checkout' }, 'policy checkout'],
    ['the default', { 'clew.sampling.kept': 'slow' }, 'the default (kept: slow)'],
    ['a signed request', { 'clew.sampling.kept': 'requested' }, 'request of the caller'],
    [
      "Jaeger's probability",
      { 'sampler.type': 'probabilistic', 'sampler.param': 0.25 },
      'a probability of 0.25',
    ],
    ["Jaeger's rate limit", { 'sampler.type': 'ratelimiting', 'sampler.param': '5' }, 'a rate limit of 5/s'],
    ["Jaeger's lower bound", { 'sampler.type': 'lowerbound', 'sampler.param': 0.1 }, 'a lower bound'],
  ])('states that %s sampled the trace', (_, attributes, reason) => {
    const spans: SpanSketch[] = [
      { id: '1', name: 'root', attributes },
      { id: '2', parent: '1', name: 'child' },
    ];
    expect(lines(spans)[1]).toBe(
      `2026-07-01 12:00:00.000Z · 1.00 ms · 2 spans · 1 service · sampled by ${reason}`,
    );
  });

  test('has no reason if no span states one', () => {
    expect(
      lines([{ id: '1', name: 'root', attributes: { 'sampler.type': 'const' } }]).join(''),
    ).not.toContain('sampled');
  });

  test('states each reason once, at most three, on lines of the given width', () => {
    const spans = ['a', 'b', 'a', 'c'.repeat(200), 'd'].map((policy, index) => ({
      id: String(index + 1),
      ...(index > 0 && { parent: '1' }),
      name: 'GET',
      attributes: { 'clew.sampling.policy': policy },
    }));
    const text = lines(spans, 60).join('\n');
    expect(text.match(/sampled by policy ./g)).toEqual(
      ['a', 'b', 'c'].map((each) => `sampled by policy ${each}`),
    );
    expect(text.split('\n').filter((line) => textWidth(line) > 60)).toEqual([]);
  });

  test('escapes what a span states', () => {
    const attributes = { 'clew.sampling.policy': '\x1b[31m' };
    expect(lines([{ id: '1', name: 'root', attributes }])[1]).toContain('sampled by policy \\x1b[31m');
  });
});

describe('the tree', () => {
  test('orders siblings by their start, regardless of their order in the trace', () => {
    const spans = [
      { id: '3', parent: '1', name: 'second', at: 2 },
      { id: '4', parent: '2', name: 'inner', at: 1.5 },
      { id: '2', parent: '1', name: 'first', at: 1 },
      { id: '1', name: 'root', ms: 10 },
    ];
    expect(names(spans)).toEqual(['root', '├─ first', '│ └─ inner', '└─ second']);
  });

  test('marks a span whose parent is missing, and adds a note', () => {
    const spans = [
      { id: '1', name: 'root' },
      { id: '2', parent: 'ff', name: 'lost', at: 1 },
      { id: '3', parent: '2', name: 'with it', at: 1 },
    ];
    expect(names(spans)).toEqual([
      'root',
      '? lost',
      '└─ with it',
      '',
      '? the parent of 1 span is not in this trace',
    ]);
  });

  test('breaks a cycle of parents at its earliest span', () => {
    const circle = [
      { id: '1', parent: '3', name: 'one', at: 1 },
      { id: '2', parent: '1', name: 'two', at: 2 },
      { id: '3', parent: '2', name: 'three', at: 3 },
      { id: '4', parent: '4', name: 'its own parent', at: 4 },
    ];
    expect(names(circle).slice(0, 4)).toEqual(['? one', '└─ two', '  └─ three', '? its own parent']);
  });

  test('shows the server span below the client span if both have the same id', () => {
    const shared: SpanSketch[] = [
      { id: '2', parent: '1', name: 'serve', kind: 'SERVER', service: 'b', at: 1 },
      { id: '3', parent: '2', name: 'inside', service: 'b', at: 1 },
      { id: '2', parent: '1', name: 'call', kind: 'CLIENT', at: 1, ms: 5 },
      { id: '1', name: 'root', ms: 9 },
    ];
    expect(names(shared)).toEqual(['root', '└─ call', '  └─ serve', '    └─ inside']);
  });

  test('shows a chain of 20,000 spans, and marks omitted branches', () => {
    const chain = Array.from({ length: 20_000 }, (_, index) => ({
      id: (index + 1).toString(16),
      ...(index > 0 && { parent: index.toString(16) }),
      name: `level ${index}`,
    }));
    const lines = body(sketch(chain));
    expect(lines).toHaveLength(20_000);
    expect(lines[3]).toMatch(/^ {4}└─ level 3 /);
    expect(lines[19_999]).toMatch(/^⋯ +└─ level 19999 /);
  });

  test('draws the header of an empty trace', () => {
    expect(renderWaterfall({ traceId: 'abc', spans: [] })).toMatch(/^trace abc/);
  });
});

describe('clocks', () => {
  const call = (serverAt: number, serverMs: number): SpanSketch[] => [
    { id: '1', name: 'call', kind: 'CLIENT', service: 'a', at: 100, ms: 20 },
    { id: '2', parent: '1', name: 'serve', kind: 'SERVER', service: 'b', at: serverAt, ms: serverMs },
    { id: '3', parent: '2', name: 'query', service: 'b', at: serverAt + 1, ms: 2 },
  ];

  test('moves a server that starts before its caller to the middle of the call, with all of its spans', () => {
    const [client, server, query, , note] = body(sketch(call(40, 10)), { ascii: true, width: 100 });
    // 20 ms over the width of the bar: the server's 10 ms start after a quarter of it.
    expect(client).toMatch(/CLI \|?=+\|? +20\.0 ms$/);
    const width = client!.indexOf('20.0 ms') - client!.indexOf('CLI') - 4;
    const start = (line: string) =>
      line.search(/(SRV|INT) +[|=]/) + line.match(/(SRV|INT) +[|=]/)![0].length - 5;
    const first = client!.indexOf('CLI');
    expect((start(server!) - first) / width).toBeCloseTo(0.25, 1);
    expect((start(query!) - first) / width).toBeCloseTo(0.3, 1);
    expect(note).toBe("~ the clock of b is 65.0 ms behind its caller's: shown later by that");
  });

  test('does not move a server that is late, or that continues after its caller has given up', () => {
    expect(body(sketch(call(118, 50)))).toHaveLength(3);
  });

  test('moves a consumer only to the start of its producer', () => {
    const spans: SpanSketch[] = [
      { id: '1', name: 'send', kind: 'PRODUCER', service: 'a', at: 50, ms: 2 },
      { id: '2', parent: '1', name: 'process', kind: 'CONSUMER', service: 'b', at: 20, ms: 100 },
    ];
    expect(body(sketch(spans)).at(-1)).toContain("the clock of b is 30.0 ms behind its caller's");
  });

  test('applies a correction to the services that it calls, too', () => {
    const spans = [
      ...call(40, 10),
      { id: '4', parent: '3', name: 'behind', kind: 'SERVER', service: 'c', at: 41, ms: 1 } as SpanSketch,
    ];
    const notes = body(sketch(spans)).slice(-2);
    expect(notes[0]).toContain('the clock of b is 65.0 ms behind');
    expect(notes[1]).toContain('the clock of c is 65.0 ms behind');
  });
});

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
    const [line] = body(sketch([{ id: '1', name: `Z${'\u0351'.repeat(5000)}algo` }]));
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
  const errors = body(sketch(spans)).filter((line) => line.includes('✗'));
  expect(errors.map((line) => line.trim())).toEqual([
    '✗ TypeError: bad\\nworse',
    '✗ ECONNREFUSED: refused',
    '✗ 500',
    '✗ error',
  ]);
});
