import { renderWaterfall } from '../src/waterfall.ts';
import { type SpanSketch, sketch } from './sample-trace.ts';
import { waterfallLines, waterfallNames } from './waterfall-lines.ts';

describe('the tree', () => {
  test('orders siblings by their start, regardless of their order in the trace', () => {
    const spans = [
      { id: '3', parent: '1', name: 'second', at: 2 },
      { id: '4', parent: '2', name: 'inner', at: 1.5 },
      { id: '2', parent: '1', name: 'first', at: 1 },
      { id: '1', name: 'root', ms: 10 },
    ];
    expect(waterfallNames(spans)).toEqual(['root', '├─ first', '│ └─ inner', '└─ second']);
  });

  test('marks a span whose parent is missing, and adds a note', () => {
    const spans = [
      { id: '1', name: 'root' },
      { id: '2', parent: 'ff', name: 'lost', at: 1 },
      { id: '3', parent: '2', name: 'with it', at: 1 },
    ];
    expect(waterfallNames(spans)).toEqual([
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
    expect(waterfallNames(circle).slice(0, 4)).toEqual(['? one', '└─ two', '  └─ three', '? its own parent']);
  });

  test('shows the server span below the client span if both have the same id', () => {
    const shared: SpanSketch[] = [
      { id: '2', parent: '1', name: 'serve', kind: 'SERVER', service: 'b', at: 1 },
      { id: '3', parent: '2', name: 'inside', service: 'b', at: 1 },
      { id: '2', parent: '1', name: 'call', kind: 'CLIENT', at: 1, ms: 5 },
      { id: '1', name: 'root', ms: 9 },
    ];
    expect(waterfallNames(shared)).toEqual(['root', '└─ call', '  └─ serve', '    └─ inside']);
  });

  test('shows a chain of 20,000 spans, and marks omitted branches', () => {
    const chain = Array.from({ length: 20_000 }, (_, index) => ({
      id: (index + 1).toString(16),
      ...(index > 0 && { parent: index.toString(16) }),
      name: `level ${index}`,
    }));
    const lines = waterfallLines(sketch(chain));
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
    const [client, server, query, , note] = waterfallLines(sketch(call(40, 10)), { ascii: true, width: 100 });
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
    expect(waterfallLines(sketch(call(118, 50)))).toHaveLength(3);
  });

  test('moves a consumer only to the start of its producer', () => {
    const spans: SpanSketch[] = [
      { id: '1', name: 'send', kind: 'PRODUCER', service: 'a', at: 50, ms: 2 },
      { id: '2', parent: '1', name: 'process', kind: 'CONSUMER', service: 'b', at: 20, ms: 100 },
    ];
    expect(waterfallLines(sketch(spans)).at(-1)).toContain("the clock of b is 30.0 ms behind its caller's");
  });

  test('applies a correction to the services that it calls, too', () => {
    const spans = [
      ...call(40, 10),
      { id: '4', parent: '3', name: 'behind', kind: 'SERVER', service: 'c', at: 41, ms: 1 } as SpanSketch,
    ];
    const notes = waterfallLines(sketch(spans)).slice(-2);
    expect(notes[0]).toContain('the clock of b is 65.0 ms behind');
    expect(notes[1]).toContain('the clock of c is 65.0 ms behind');
  });
});
