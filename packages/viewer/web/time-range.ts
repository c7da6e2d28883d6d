/** The part of the time axis that is shown, in nanoseconds from the start of the trace. */
export interface TimeRange {
  readonly fromNs: number;
  readonly toNs: number;
}

const MIN_NS = 100;

/** Zooms by a factor, keeping the time at a share of the width in place; never beyond the trace. */
export function zoomed({ fromNs, toNs }: TimeRange, factor: number, at: number, totalNs: number): TimeRange {
  const width = Math.min(totalNs, Math.max(MIN_NS, (toNs - fromNs) * factor));
  const fixed = fromNs + at * (toNs - fromNs);
  return within({ fromNs: fixed - at * width, toNs: fixed + (1 - at) * width }, totalNs);
}

/** Moves by a share of the width. */
export function panned({ fromNs, toNs }: TimeRange, share: number, totalNs: number): TimeRange {
  const by = share * (toNs - fromNs);
  return within({ fromNs: fromNs + by, toNs: toNs + by }, totalNs);
}

/** A span with a margin on both sides. */
export function around(startNs: number, endNs: number, totalNs: number): TimeRange {
  const margin = Math.max(MIN_NS, (endNs - startNs) * 0.05);
  return within({ fromNs: startNs - margin, toNs: endNs + margin }, totalNs);
}

function within({ fromNs, toNs }: TimeRange, totalNs: number): TimeRange {
  const width = Math.min(totalNs, toNs - fromNs);
  const from = Math.max(0, Math.min(fromNs, totalNs - width));
  return { fromNs: from, toNs: from + width };
}
