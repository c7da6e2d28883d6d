import type { Paint } from './terminal.ts';
import type { Layout, Row } from './trace-layout.ts';

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
  readonly event: string;
  readonly link: string;
  readonly error: string;
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
  event: '◆',
  link: '↗',
  error: '✗',
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
  event: '*',
  link: '>',
  error: 'x',
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
  readonly glyphs: Glyphs;
  readonly ascii: boolean;
  readonly paint: Paint;
  /** The index of a service's colour. */
  readonly serviceIndex: ReadonlyMap<string, number>;
}

/**
 * The lines of the tree to the left of a row's name; with `below`, to the left of the row's further lines.
 * Levels that do not fit are omitted on the left, and marked.
 */
export function branches(row: Row, { columns, glyphs }: View, below: boolean): string {
  const levels = Math.floor(columns.name / 2 / 2);
  let drawn = '';
  if (below) drawn = row.hasChildren ? glyphs.line : '  ';
  else if (row.parent !== undefined) drawn = row.last ? glyphs.end : glyphs.branch;
  let node = below ? row : row.parent;
  for (let level = 0; level < levels && node?.parent !== undefined; level++) {
    drawn = (node.last ? '  ' : glyphs.line) + drawn;
    node = node.parent;
  }
  return node?.parent === undefined ? drawn : glyphs.deep + drawn;
}
