import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { folder, inherited } from './children.mjs';
import { estimator, median } from './estimate.mjs';
import { variants } from './variants.mjs';

/**
 * Measures the wall time and resident memory of an empty application with each variant's flags; the variants in turn.
 *
 * @typedef {import('./estimate.mjs').Estimate} Estimate
 * @param {string[]} names of the variants; `bare` among them
 * @param {number} runs
 * @param {(step: string) => void} progress
 * @returns {Promise<Record<string, { ms: Estimate, addedMs: Estimate, timesBare: Estimate, rssMb: Estimate,
 *   addedRssMb: Estimate }>>}
 */
export async function measurePreload(names, runs, progress) {
  const seen = Object.fromEntries(names.map((name) => [name, []]));
  for (const name of names) await runEmpty(name); // warms the caches of files and compiled code
  for (let run = 1; run <= runs; run++) {
    progress(`run ${run} of ${runs}`);
    for (const name of names) seen[name].push(await runEmpty(name));
  }
  const estimate = estimator(1, runs);
  const over = (name, key, combine) =>
    estimate(([{ slices }]) =>
      median(slices.map((run) => combine(seen[name][run][key], seen.bare[run][key]))),
    );
  const entries = names.map((name) => [
    name,
    {
      ms: over(name, 'ms', (own) => own),
      addedMs: over(name, 'ms', (own, bare) => own - bare),
      timesBare: over(name, 'ms', (own, bare) => own / bare),
      rssMb: over(name, 'rssMb', (own) => own),
      addedRssMb: over(name, 'rssMb', (own, bare) => own - bare),
    },
  ]);
  return Object.fromEntries(entries);
}

async function runEmpty(name) {
  const begin = performance.now();
  const child = spawn(process.execPath, [...variants[name].flags, 'programs/empty.cjs'], {
    cwd: folder,
    env: { ...inherited(), OTEL_SERVICE_NAME: 'bench' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  const [code] = await once(child, 'close');
  const ms = performance.now() - begin;
  if (code !== 0 || !/^\d+$/.test(output))
    throw new Error(`preload, ${name}: ended with ${code}, wrote "${output}"`);
  return { ms, rssMb: Number(output) / 1e6 };
}
