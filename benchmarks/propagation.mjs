import { startChild } from './children.mjs';
import { estimator, median } from './estimate.mjs';

/**
 * Measures the nanoseconds for reading and writing the W3C headers, without a program.
 *
 * @param {string[]} tracers `clew`, `otel`
 * @param {{ rounds: number, seconds: number }} settings
 * @param {(step: string) => void} progress
 * @returns {Promise<Record<string, Record<string, import('./estimate.mjs').Estimate>>>} by operation, then by tracer; of
 *   two tracers also the `ratio` of the first to the second
 */
export async function measurePropagation(tracers, { rounds, seconds }, progress) {
  const children = tracers.map((tracer) => startChild('propagators.mjs', { label: tracer, args: [tracer] }));
  try {
    const results = {};
    for (const operation of await children[0].call('operations')) {
      const seen = tracers.map(() => []);
      for (const child of children) await child.call('time', operation, seconds / 2);
      for (let round = 1; round <= rounds; round++) {
        progress(`${operation}, round ${round} of ${rounds}`);
        for (const [index, child] of children.entries())
          seen[index].push(await child.call('time', operation, seconds));
      }
      results[operation] = summarise(tracers, seen);
    }
    return results;
  } finally {
    await Promise.all(children.map((child) => child.stop()));
  }
}

function summarise(tracers, seen) {
  const estimate = estimator(1, seen[0].length);
  const ns = (index, [{ slices }]) => median(slices.map((round) => seen[index][round]));
  const entries = tracers.map((tracer, index) => [tracer, estimate((draw) => ns(index, draw))]);
  if (tracers.length === 2) entries.push(['ratio', estimate((draw) => ns(0, draw) / ns(1, draw))]);
  return Object.fromEntries(entries);
}
