import { criticalPath, type PathPart } from '../src/critical-path.ts';
import { type Folding, TraceLines } from '../src/fold.ts';
import type { LogRecord } from '../src/log-record.ts';
import { selfTimes } from '../src/self-time.ts';
import type { Trace } from '../src/span-record.ts';
import { type Layout, layoutTrace } from '../src/trace-layout.ts';
import { logsByRow } from '../src/trace-logs.ts';
import { hasFailed, subtreeEnds } from '../src/trace-rows.ts';
import { coloursOf } from './colours.ts';

/** A trace with all that is calculated once for drawing it. */
export interface TraceModel {
  readonly trace: Trace;
  readonly layout: Layout;
  readonly ends: Int32Array;
  readonly lines: TraceLines;
  readonly selfNs: Float64Array;
  readonly path: readonly PathPart[];
  /** The parts of the critical path by row. */
  readonly pathByRow: ReadonlyMap<number, readonly PathPart[]>;
  /** The log records by row. */
  readonly logsByRow: ReadonlyMap<number, readonly LogRecord[]>;
  readonly colours: ReadonlyMap<string, string>;
}

/** Arranges a trace. */
export function modelOf(trace: Trace): TraceModel {
  const layout = layoutTrace(trace);
  const ends = subtreeEnds(layout.rows);
  const path = criticalPath(layout.rows, ends);
  const pathByRow = new Map<number, PathPart[]>();
  for (const part of path) {
    const parts = pathByRow.get(part.row);
    if (parts === undefined) pathByRow.set(part.row, [part]);
    else parts.push(part);
  }
  return {
    trace,
    layout,
    ends,
    lines: new TraceLines(layout.rows, ends),
    selfNs: selfTimes(layout.rows, ends),
    path,
    pathByRow,
    logsByRow: logsByRow(trace, layout.rows),
    colours: coloursOf(layout.services),
  };
}

/** Unfolds what hides a row. */
export function revealing({ ends, lines }: TraceModel, folding: Folding, row: number): Folding {
  const ancestors = new Set<number>();
  for (let index = 0; index < row; ) {
    if (ends[index]! > row) ancestors.add(index++);
    else index = ends[index]!;
  }
  const folded = new Set([...folding.folded].filter((each) => !ancestors.has(each)));
  const unfoldedGroups = new Set(folding.unfoldedGroups);
  // A row is hidden by a group of its own or of an ancestor: unfold one after the other.
  for (;;) {
    const visible = lines.visible({ folded, unfoldedGroups });
    if (visible.some((line) => line.kind === 'span' && line.row === row)) break;
    const group = visible.find(
      (line) =>
        line.kind === 'group' &&
        !line.isOpen &&
        line.members.some((member) => member === row || ancestors.has(member)),
    );
    if (group === undefined) break;
    unfoldedGroups.add(group.row);
  }
  return { folded, unfoldedGroups };
}

/** The next row with an error after a row, or before it; around the end. */
export function nextError({ layout: { rows } }: TraceModel, from: number, step: 1 | -1): number | undefined {
  for (let count = 1; count <= rows.length; count++) {
    const row = (from + count * step + rows.length * 2) % rows.length;
    if (hasFailed(rows[row]!)) return row;
  }
  return undefined;
}
