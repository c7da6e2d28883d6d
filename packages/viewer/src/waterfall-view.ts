import type { Line } from './fold.ts';
import type { LogRecord } from './log-record.ts';
import type { Paint } from './terminal.ts';
import type { Layout } from './trace-layout.ts';

/** The characters used to draw a waterfall. */
export interface Glyphs {
  readonly branch: string;
  readonly end: string;
  readonly line: string;
  readonly deep: string;
  readonly ellipsis: string;
  /** A full cell of a bar, and bars that fill one half of a cell. */
  readonly full: string;
  readonly left: string;
  readonly right: string;
  readonly rule: string;
  readonly firstTick: string;
  readonly tick: string;
  readonly lastTick: string;
  readonly times: string;
  readonly event: string;
  readonly link: string;
  readonly error: string;
  readonly log: string;
  readonly dot: string;
}

/** Unicode box drawing characters. */
export const UNICODE: Glyphs = {
  branch: '├─ ',
  end: '└─ ',
  line: '│ ',
  deep: '⋯ ',
  ellipsis: '…',
  full: '█',
  left: '▌',
  right: '▐',
  rule: '─',
  firstTick: '├',
  tick: '┴',
  lastTick: '┤',
  times: '×',
  event: '◆',
  link: '↗',
  error: '✗',
  log: '≡',
  dot: ' · ',
};

/** ASCII characters. */
export const ASCII: Glyphs = {
  branch: '|- ',
  end: '`- ',
  line: '| ',
  deep: '~ ',
  ellipsis: '~',
  full: '=',
  left: '|',
  right: '|',
  rule: '-',
  firstTick: '|',
  tick: '+',
  lastTick: '|',
  times: 'x',
  event: '*',
  link: '>',
  error: 'x',
  log: '#',
  dot: ', ',
};

/** The settings shared by all lines of a waterfall. */
export interface View {
  readonly layout: Layout;
  readonly columns: {
    readonly total: number;
    readonly name: number;
    readonly service: number;
    readonly bar: number;
  };
  /** The log records by row. */
  readonly logs: ReadonlyMap<number, readonly LogRecord[]>;
  readonly glyphs: Glyphs;
  readonly ascii: boolean;
  readonly paint: Paint;
  /** The index of a service's colour. */
  readonly serviceIndex: ReadonlyMap<string, number>;
}

/**
 * The lines of the tree to the left of a name; with `below`, to the left of the further lines of the same span.
 * Levels that do not fit are omitted on the left, and marked.
 */
export function branches(line: Line, { columns, glyphs }: View, below: boolean): string {
  const levels = Math.floor(columns.name / 2 / 2);
  let drawn = '';
  if (below) drawn = line.isOpen ? glyphs.line : '  ';
  else if (line.parent !== undefined) drawn = line.last ? glyphs.end : glyphs.branch;
  let node = below ? line : line.parent;
  for (let level = 0; level < levels && node?.parent !== undefined; level++) {
    drawn = (node.last ? '  ' : glyphs.line) + drawn;
    node = node.parent;
  }
  return node?.parent === undefined ? drawn : glyphs.deep + drawn;
}
