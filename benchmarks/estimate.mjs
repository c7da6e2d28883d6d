/**
 * A figure with its 95 % confidence interval.
 *
 * @typedef {{ value: number, low: number, high: number }} Estimate
 */

const REPETITIONS = 1000;

/** @param {number[]} values */
export function median(values) {
  return quantile(values, 0.5);
}

/** The quantile of a list, between neighbours by linear interpolation. */
function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const [below, above] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return below + (above - below) * (at - Math.floor(at));
}

/**
 * Returns a function that estimates figures by the bootstrap in two levels: processes are drawn with replacement, then the
 * slices of each drawn process. A figure is computed once from the real measurement, and again from each drawn one; the
 * interval holds 95 % of those. All figures use the same draws, and a draw has the same processes and slices for all
 * variants: what disturbed one slice disturbed its neighbours too.
 *
 * @param {number} processes how many were measured
 * @param {number} slices how many each has
 * @returns {(figure: (draw: { process: number, slices: number[] }[]) => number) => Estimate}
 */
export function estimator(processes, slices) {
  const random = randomNumbers();
  const upTo = (count) => Array.from({ length: count }, (_, index) => index);
  const draw = (list) => list.map(() => list[Math.floor(random() * list.length)]);
  const real = upTo(processes).map((process) => ({ process, slices: upTo(slices) }));
  const draws = upTo(REPETITIONS).map(() =>
    draw(real).map(({ process }) => ({ process, slices: draw(upTo(slices)) })),
  );
  return (figure) => {
    const drawn = draws.map(figure);
    return { value: figure(real), low: quantile(drawn, 0.025), high: quantile(drawn, 0.975) };
  };
}

/** The same numbers in each run (a linear congruential generator): a file of results always gives the same intervals. */
function randomNumbers() {
  let state = 1;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}
