/** Above this many cores of other processes, figures are affected: a core that the server needs may be in use. */
const BUSY_CORES = 0.15;

/** An interval that reaches further than this from its value, relative to it, does not say which side is cheaper by how much. */
const WIDE = 0.25;

/** @param {import('./estimate.mjs').Estimate} ratio */
export function tooWide({ value, low, high }) {
  return Math.max(high - value, value - low) > WIDE * Math.abs(value);
}

/**
 * Returns one line if other processes used the machine before some of the measurements; else ''.
 *
 * @param {number[]} othersBusy in cores
 */
export function machineNotice(othersBusy) {
  const busy = othersBusy.filter((cores) => cores > BUSY_CORES);
  if (busy.length === 0) return '';
  const most = Math.max(...busy).toFixed(1);
  return `The machine was too busy to tell: other processes used up to ${most} cores before ${busy.length} of ${othersBusy.length} groups. Close them and repeat the run.`;
}
