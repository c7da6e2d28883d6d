import type { Row } from './trace-layout.ts';
import { childrenOf } from './trace-rows.ts';

/**
 * For each row, the nanoseconds in which none of its children was running: the time that the operation itself took, as
 * far as the trace shows. Children that run at the same time count once; what a child does after its parent has ended
 * does not count.
 */
export function selfTimes(rows: readonly Row[], ends: Int32Array): Float64Array {
  return Float64Array.from(rows, ({ startNs, durationNs }, index) => {
    const end = startNs + durationNs;
    let covered = 0;
    // Children are sorted by their start.
    let reached = startNs;
    for (const child of childrenOf(index, ends)) {
      const from = Math.max(reached, rows[child]!.startNs);
      const to = Math.min(end, rows[child]!.startNs + rows[child]!.durationNs);
      if (to <= from) continue;
      covered += to - from;
      reached = to;
    }
    return durationNs - covered;
  });
}
