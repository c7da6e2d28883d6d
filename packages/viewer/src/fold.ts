import type { Row } from './trace-layout.ts';
import { childrenOf, hasFailed, rootsOf } from './trace-rows.ts';

/** A line of a waterfall: one span, or equal siblings that are folded into one line. */
export type Line = SpanLine | GroupLine;

interface Place {
  readonly depth: number;
  /** The line of the parent, or of the group that this is a member of. */
  readonly parent: Line | undefined;
  /** Whether no other line with this parent follows. */
  readonly last: boolean;
  /** The row of the span, or of the first member of the group. */
  readonly row: number;
}

/** A span, with or without its descendants on the following lines. */
export interface SpanLine extends Place {
  readonly kind: 'span';
  /** `undefined` if it has no children. */
  readonly isOpen: boolean | undefined;
}

/** Siblings of the same name, kind, service and outcome. */
export interface GroupLine extends Place {
  readonly kind: 'group';
  readonly isOpen: boolean;
  readonly members: readonly number[];
  /** The sum of their durations. */
  readonly totalNs: number;
  readonly startNs: number;
  readonly endNs: number;
}

/** What is folded. */
export interface Folding {
  /** Rows whose descendants are hidden. */
  readonly folded: ReadonlySet<number>;
  /** Groups whose members are shown, by the row of their first member. */
  readonly unfoldedGroups: ReadonlySet<number>;
}

/** Nothing is folded but groups. */
export const GROUPS_FOLDED: Folding = { folded: new Set(), unfoldedGroups: new Set() };

const DEFAULT_MIN_GROUP = 20;

/** The lines of one trace, in whichever way it is folded. Which siblings are equal is found out once. */
export class TraceLines {
  readonly #rows: readonly Row[];
  readonly #ends: Int32Array;
  readonly #minGroup: number;
  /** The entries below a row, or at the top, -1. */
  readonly #entries = new Map<number, readonly (readonly number[])[]>();

  /**
   * `ends` is the result of `subtreeEnds`. From `minGroup` on, equal siblings become one line: default 20, `Infinity`
   * for never.
   */
  constructor(rows: readonly Row[], ends: Int32Array, minGroup = DEFAULT_MIN_GROUP) {
    this.#rows = rows;
    this.#ends = ends;
    this.#minGroup = minGroup;
  }

  /** The visible lines. */
  visible({ folded, unfoldedGroups }: Folding): Line[] {
    const lines: Line[] = [];
    // The next is the last. An explicit stack, because a trace may be one long chain.
    const stack: Entry[] = [];
    const push = (entries: readonly (readonly number[])[], parent: Line | undefined) => {
      for (let index = entries.length - 1; index >= 0; index--)
        stack.push({ members: entries[index]!, parent, last: index === entries.length - 1 });
    };
    push(this.#below(-1), undefined);
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      const { members, parent, last } = next;
      const row = members[0]!;
      const place = { row, parent, last, depth: parent === undefined ? 0 : parent.depth + 1 };
      if (members.length >= this.#minGroup) {
        const isOpen = unfoldedGroups.has(row);
        const line: Line = { kind: 'group', ...place, isOpen, ...extent(members, this.#rows) };
        lines.push(line);
        if (line.isOpen)
          push(
            members.map((member) => [member]),
            line,
          );
        continue;
      }
      const hasChildren = this.#ends[row]! > row + 1;
      const isOpen = hasChildren ? !folded.has(row) : undefined;
      const line: Line = { kind: 'span', ...place, isOpen };
      lines.push(line);
      if (isOpen) push(this.#below(row), line);
    }
    return lines;
  }

  #below(row: number): readonly (readonly number[])[] {
    const known = this.#entries.get(row);
    if (known !== undefined) return known;
    const siblings = [...(row === -1 ? rootsOf(this.#ends) : childrenOf(row, this.#ends))];
    const entries = entriesOf(siblings, this.#rows, this.#minGroup);
    this.#entries.set(row, entries);
    return entries;
  }
}

interface Entry {
  readonly members: readonly number[];
  readonly parent: Line | undefined;
  readonly last: boolean;
}

/** Siblings, with those that are equal and numerous as one entry, at the place of the first. */
function entriesOf(
  siblings: readonly number[],
  rows: readonly Row[],
  minGroup: number,
): (readonly number[])[] {
  if (siblings.length < minGroup) return siblings.map((row) => [row]);
  const groups = new Map<string, number[]>();
  const groupOf = siblings.map((row) => {
    const key = sameness(rows[row]!);
    const group = groups.get(key) ?? [];
    if (group.push(row) === 1) groups.set(key, group);
    return group;
  });
  return siblings.flatMap((row, index): (readonly number[])[] => {
    const members = groupOf[index]!;
    if (members.length < minGroup) return [[row]];
    return members[0] === row ? [members] : [];
  });
}

function sameness(row: Row): string {
  const { name, kind } = row.span;
  return `${hasFailed(row)}\n${kind}\n${row.service}\n${name}`;
}

function extent(members: readonly number[], rows: readonly Row[]) {
  let totalNs = 0;
  let startNs = Number.POSITIVE_INFINITY;
  let endNs = 0;
  for (const member of members) {
    const row = rows[member]!;
    totalNs += row.durationNs;
    startNs = Math.min(startNs, row.startNs);
    endNs = Math.max(endNs, row.startNs + row.durationNs);
  }
  return { members, totalNs, startNs, endNs };
}
