import type { Row } from './trace-layout.ts';
import { childrenOf, rootsOf } from './trace-rows.ts';

/** A part of the critical path: the time in which this row, and none of its children, kept the trace waiting. */
export interface PathPart {
  readonly row: number;
  readonly startNs: number;
  readonly endNs: number;
}

/**
 * The critical path of a trace: which span its end waited for, at each moment. It starts at the end of the longest root
 * and goes back: to the child that ended last, from the start of that child to the one that ended last before it, and
 * so on. Making a span outside of it faster does not make the trace faster. In the order of time.
 */
export function criticalPath(rows: readonly Row[], ends: Int32Array): PathPart[] {
  const root = longestRoot(rows, ends);
  if (root === undefined) return [];
  const parts: PathPart[] = [];
  // An explicit stack, because a trace may be one long chain.
  const stack: Step[] = [stepInto(root, rows, ends, endOf(rows[root]!))];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const next = top.children.pop();
    const { startNs } = rows[top.row]!;
    if (next === undefined) {
      if (top.cursorNs > startNs) parts.push({ row: top.row, startNs, endNs: top.cursorNs });
      stack.pop();
      continue;
    }
    const child = rows[next]!;
    // What ends after the cursor was not waited for: another child covers that time, or the parent had ended.
    const endNs = Math.min(endOf(child), top.cursorNs);
    if (endOf(child) > top.cursorNs && top.isWaiting) continue;
    if (endNs <= Math.max(startNs, child.startNs)) continue;
    if (endNs < top.cursorNs) parts.push({ row: top.row, startNs: endNs, endNs: top.cursorNs });
    top.cursorNs = Math.max(startNs, child.startNs);
    top.isWaiting = true;
    stack.push(stepInto(next, rows, ends, endNs));
  }
  return parts.reverse();
}

interface Step {
  readonly row: number;
  /** Those not yet considered; the one that ends last is the last. */
  readonly children: number[];
  /** What is later than this is on the path already. */
  cursorNs: number;
  /** Whether a child is on the path already. */
  isWaiting: boolean;
}

function stepInto(row: number, rows: readonly Row[], ends: Int32Array, cursorNs: number): Step {
  const children = [...childrenOf(row, ends)]
    // A child that outlives its parent was not waited for.
    .filter((child) => endOf(rows[child]!) <= endOf(rows[row]!))
    .sort((a, b) => endOf(rows[a]!) - endOf(rows[b]!));
  return { row, children, cursorNs, isWaiting: false };
}

function longestRoot(rows: readonly Row[], ends: Int32Array): number | undefined {
  let longest: number | undefined;
  for (const root of rootsOf(ends))
    if (longest === undefined || rows[root]!.durationNs > rows[longest]!.durationNs) longest = root;
  return longest;
}

function endOf({ startNs, durationNs }: Row): number {
  return startNs + durationNs;
}
