import { startChild } from './children.mjs';
import { figure } from './figures.mjs';

/**
 * Measures the nanoseconds for reading and writing the W3C headers, without a program.
 *
 * @param {string[]} tracers `clew`, `otel`
 * @param {{ rounds: number, seconds: number }} settings
 * @param {(step: string) => void} progress
 * @returns {Promise<Record<string, Record<string, import('./figures.mjs').Figure>>>} by operation and tracer
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
      results[operation] = Object.fromEntries(tracers.map((tracer, index) => [tracer, figure(seen[index])]));
    }
    return results;
  } finally {
    await Promise.all(children.map((child) => child.stop()));
  }
}
