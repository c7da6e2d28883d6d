import { criticalPath } from '../src/critical-path.ts';
import { type Folding, GROUPS_FOLDED, type Line, TraceLines } from '../src/fold.ts';
import { messageLane } from '../src/message-lane.ts';
import { selfTimes } from '../src/self-time.ts';
import { layoutTrace } from '../src/trace-layout.ts';
import { subtreeEnds } from '../src/trace-rows.ts';
import { type SpanSketch, sketch } from './sample-trace.ts';

function arrange(spans: readonly SpanSketch[]) {
  const { rows } = layoutTrace(sketch(spans));
  const ends = subtreeEnds(rows);
  const lines = new TraceLines(rows, ends);
  return {
    rows,
    ends,
    visible: (folding: Folding) => lines.visible(folding),
    names: rows.map(({ span }) => span.name),
  };
}

/** A root with equal children, and one other among them. */
function wide(children: number): SpanSketch[] {
  return [
    { id: 'a', name: 'root', ms: 1000 },
    ...Array.from({ length: children }, (_, index) => ({
      id: `b${index}`,
      parent: 'a',
      name: 'SELECT',
      at: index * 2,
      ms: 1,
    })),
    { id: 'c', parent: 'a', name: 'INSERT', at: 5, ms: 1 },
    { id: 'd', parent: 'b0', name: 'below', at: 0.5, ms: 0.1 },
  ];
}

function texts(lines: readonly Line[], names: readonly string[]): string[] {
  return lines.map((line) => {
    const count = line.kind === 'group' ? `${line.members.length} ` : '';
    return `${'  '.repeat(line.depth)}${count}${names[line.row]}${line.last ? '.' : ''}`;
  });
}

describe('folding', () => {
  test('makes one line of twenty equal siblings, at the place of the first', () => {
    const { visible, names } = arrange(wide(20));
    const lines = visible(GROUPS_FOLDED);
    expect(texts(lines, names)).toEqual(['root.', '  20 SELECT', '  INSERT.']);
    expect(lines[1]).toMatchObject({ totalNs: 20e6, startNs: 0, endNs: 39e6, isOpen: false });
  });

  test('does not fold fewer, nor siblings that differ in service, kind or outcome', () => {
    const few = arrange(wide(19));
    expect(few.visible(GROUPS_FOLDED)).toHaveLength(22);
    const mixed = arrange(
      wide(40).map((span, index) => (index % 2 === 1 && index < 40 ? { ...span, error: 'x' } : span)),
    );
    expect(texts(mixed.visible(GROUPS_FOLDED), mixed.names)).toEqual([
      'root.',
      '  20 SELECT',
      '  20 SELECT',
      '  INSERT.',
    ]);
  });

  test('shows the members of an unfolded group with their descendants, and hides those of a folded row', () => {
    const { visible, names } = arrange(wide(20));
    const [, group] = visible(GROUPS_FOLDED);
    const open = visible({ folded: new Set(), unfoldedGroups: new Set([group!.row]) });
    expect(texts(open, names).slice(0, 4)).toEqual(['root.', '  20 SELECT', '    SELECT', '      below.']);
    expect(open).toHaveLength(24);
    expect(texts(visible({ ...GROUPS_FOLDED, folded: new Set([0]) }), names)).toEqual(['root.']);
  });

  test('a chain of 20,000 spans needs no recursion', () => {
    const chain = Array.from({ length: 20_000 }, (_, index) => ({
      id: (index + 1).toString(16),
      name: 'x',
      ...(index > 0 && { parent: index.toString(16) }),
    }));
    const { rows, ends, visible } = arrange(chain);
    expect(visible(GROUPS_FOLDED)).toHaveLength(20_000);
    expect(criticalPath(rows, ends).length).toBeGreaterThan(0);
  });
});

describe('the critical path', () => {
  function path(spans: readonly SpanSketch[]): [name: string, from: number, to: number][] {
    const { rows, ends, names } = arrange(spans);
    return criticalPath(rows, ends).map(({ row, startNs, endNs }) => [
      names[row]!,
      startNs / 1e6,
      endNs / 1e6,
    ]);
  }

  test('goes back from the end, through the children that were waited for', () => {
    expect(
      path([
        { id: '1', name: 'root', ms: 100 },
        { id: '2', parent: '1', name: 'first', at: 10, ms: 30 },
        { id: '3', parent: '1', name: 'beside', at: 10, ms: 20 },
        { id: '4', parent: '1', name: 'second', at: 50, ms: 40 },
        { id: '5', parent: '4', name: 'below', at: 60, ms: 10 },
      ]),
    ).toEqual([
      ['root', 0, 10],
      ['first', 10, 40],
      ['root', 40, 50],
      ['second', 50, 60],
      ['below', 60, 70],
      ['second', 70, 90],
      ['root', 90, 100],
    ]);
  });

  test('leaves out what ends after its parent', () => {
    expect(
      path([
        { id: '1', name: 'root', ms: 10 },
        { id: '2', parent: '1', name: 'background', at: 5, ms: 50 },
      ]),
    ).toEqual([['root', 0, 10]]);
  });

  test('covers the whole of the longest root', () => {
    const spans = wide(50);
    const parts = path(spans);
    expect(parts[0]?.[1]).toBe(0);
    expect(parts.at(-1)?.[2]).toBe(1000);
    expect(parts.reduce((sum, [, from, to]) => sum + to - from, 0)).toBeCloseTo(1000, 6);
  });

  test('of an empty trace is empty', () => expect(path([])).toEqual([]));
});

test('self time leaves out the time in which a child runs, once', () => {
  const { rows, ends } = arrange([
    { id: '1', name: 'root', ms: 100 },
    { id: '2', parent: '1', name: 'a', at: 10, ms: 30 },
    { id: '3', parent: '1', name: 'b', at: 20, ms: 40 },
    { id: '4', parent: '1', name: 'late', at: 90, ms: 50 },
  ]);
  expect([...selfTimes(rows, ends)].map((ns) => ns / 1e6)).toEqual([40, 30, 40, 50]);
});

describe('the lane of a message', () => {
  function lane(spans: readonly SpanSketch[]) {
    const { rows, ends } = arrange(spans);
    return messageLane(0, rows, ends)?.map(({ stage, startNs, endNs }) => [
      stage,
      startNs / 1e6,
      endNs / 1e6,
    ]);
  }

  test('of an RPC has the wait, the handling and the reply', () => {
    const messaging = { 'messaging.system': 'rabbitmq' };
    expect(
      lane([
        { id: '1', name: 'sum', kind: 'CLIENT', ms: 50, attributes: messaging },
        { id: '2', parent: '1', name: 'sum', kind: 'SERVER', service: 'b', at: 10, ms: 20 },
      ]),
    ).toEqual([
      ['wait', 0, 10],
      ['handle', 10, 30],
      ['reply', 30, 50],
    ]);
  });

  test('of a message has publishing, the wait and the handling', () => {
    expect(
      lane([
        { id: '1', name: 'send', kind: 'PRODUCER', ms: 5 },
        { id: '2', parent: '1', name: 'process', kind: 'CONSUMER', service: 'b', at: 20, ms: 30 },
      ]),
    ).toEqual([
      ['publish', 0, 5],
      ['wait', 5, 20],
      ['handle', 20, 50],
    ]);
  });

  test('exists neither for other calls nor without a receiver', () => {
    const call = { id: '1', name: 'GET', kind: 'CLIENT', ms: 50 } as const;
    const server = { id: '2', parent: '1', name: 'GET /', kind: 'SERVER', at: 10, ms: 20 } as const;
    expect(lane([call, server])).toBeUndefined();
    expect(lane([{ id: '1', name: 'send', kind: 'PRODUCER', ms: 5 }])).toBeUndefined();
  });
});
