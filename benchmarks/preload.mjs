import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { folder, inherited } from './children.mjs';
import { estimator, median } from './estimate.mjs';
import { installClew } from './size.mjs';
import { variants } from './variants.mjs';

const EMPTY = 'programs/empty.cjs';

/** Clew as `clew`, but in an application that has installed five plugins. This workspace contains all of them. */
export const fivePlugins = 'clew-five-plugins';

/**
 * Measures the wall time and resident memory of an empty application with each variant's flags; the variants in turn.
 *
 * @typedef {import('./estimate.mjs').Estimate} Estimate
 * @param {string[]} names of the variants; `bare` among them; also `clew-five-plugins`
 * @param {number} runs
 * @param {(step: string) => void} progress
 * @returns {Promise<Record<string, { ms: Estimate, addedMs: Estimate, timesBare: Estimate, rssMb: Estimate,
 *   addedRssMb: Estimate }>>}
 */
export async function measurePreload(names, runs, progress) {
  const temporary = mkdtempSync(join(tmpdir(), 'clew-preload-'));
  try {
    let installed;
    if (names.includes(fivePlugins)) {
      progress('packing and installing clew');
      installed = installClew(temporary);
      cpSync(join(folder, EMPTY), join(installed, EMPTY));
    }
    const runOnce = (name) =>
      name === fivePlugins
        ? runEmpty(name, variants.clew.flags, installed)
        : runEmpty(name, variants[name].flags, folder);
    return await measure(names, runs, runOnce, progress);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

async function measure(names, runs, runOnce, progress) {
  const seen = Object.fromEntries(names.map((name) => [name, []]));
  for (const name of names) await runOnce(name); // warms the caches of files and compiled code
  for (let run = 1; run <= runs; run++) {
    progress(`run ${run} of ${runs}`);
    for (const name of names) seen[name].push(await runOnce(name));
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

async function runEmpty(name, flags, cwd) {
  const begin = performance.now();
  const child = spawn(process.execPath, [...flags, EMPTY], {
    cwd,
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
