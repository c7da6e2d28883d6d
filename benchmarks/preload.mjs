import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { folder, inherited } from './children.mjs';
import { figure } from './figures.mjs';
import { variants } from './variants.mjs';

/**
 * Measures the wall time and resident memory of an empty program with each variant's flags; the variants in turn.
 *
 * @param {string[]} names of the variants
 * @param {number} runs
 * @param {(step: string) => void} progress
 * @returns {Promise<Record<string, { ms: import('./figures.mjs').Figure, rssMb: import('./figures.mjs').Figure }>>}
 */
export async function measurePreload(names, runs, progress) {
  const seen = Object.fromEntries(names.map((name) => [name, []]));
  for (const name of names) await runEmpty(name); // warms the caches of files and compiled code
  for (let run = 1; run <= runs; run++) {
    progress(`run ${run} of ${runs}`);
    for (const name of names) seen[name].push(await runEmpty(name));
  }
  const entries = names.map((name) => [
    name,
    { ms: figure(seen[name].map(({ ms }) => ms)), rssMb: figure(seen[name].map(({ rssMb }) => rssMb)) },
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
