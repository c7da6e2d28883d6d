import type { Row } from './trace-layout.ts';

/** For each row of a layout, the index after its last descendant. Rows are in depth-first order. */
export function subtreeEnds(rows: readonly Row[]): Int32Array {
  const ends = new Int32Array(rows.length);
  const open: number[] = [];
  for (const [index, { depth }] of rows.entries()) {
    while (open.length > depth) ends[open.pop()!] = index;
    open.push(index);
  }
  for (const index of open) ends[index] = rows.length;
  return ends;
}

/** The indices of a row's children. */
export function* childrenOf(index: number, ends: Int32Array): Generator<number> {
  const end = ends[index]!;
  for (let child = index + 1; child < end; child = ends[child]!) yield child;
}

/** The indices of the rows without a parent. */
export function* rootsOf(ends: Int32Array): Generator<number> {
  for (let root = 0; root < ends.length; root = ends[root]!) yield root;
}

/** Whether a span has failed. */
export function hasFailed({ span }: Row): boolean {
  return span.status.code === 'ERROR';
}
