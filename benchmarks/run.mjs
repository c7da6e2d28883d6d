// npm run bench -- [--only a,b | --all] [--variants a,b] [--processes N] [--slices N] [--seconds S] [--share S] [--smoke]
//   [--json FILE]
import { existsSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { findCommands } from './commands.mjs';
import { environment } from './environment.mjs';
import { faults, summarise } from './figures.mjs';
import { goals } from './goals.mjs';
import { measureProgram, startSurroundings } from './harness.mjs';
import { fivePlugins, measurePreload } from './preload.mjs';
import { programs } from './programs.mjs';
import { progressLine } from './progress.mjs';
import { measurePropagation } from './propagation.mjs';
import { measureSize } from './size.mjs';
import {
  environmentLines,
  goalsTable,
  preloadTable,
  programTable,
  propagationTable,
  sizeTable,
  spanCounts,
} from './table.mjs';
import { variants } from './variants.mjs';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    variants: { type: 'string' },
    all: { type: 'boolean' },
    processes: { type: 'string' },
    slices: { type: 'string' },
    seconds: { type: 'string' },
    share: { type: 'string' },
    smoke: { type: 'boolean' },
    json: { type: 'string' },
  },
});

const parts = ['propagation', 'preload', 'size'];
const main = Object.keys(programs).filter((name) => programs[name].main);
const only = chosen('only', [...Object.keys(programs), ...parts]) ?? chosenByDefault();
const chosenVariants = chosen('variants', Object.keys(variants)) ?? Object.keys(variants).filter(exists);
const settings = {
  processes: positive('processes') ?? (options.smoke ? 1 : 5),
  slices: positive('slices') ?? (options.smoke ? 1 : 8),
  sliceSeconds: positive('seconds') ?? (options.smoke ? 0.05 : 0.15),
  steadySlices: options.smoke ? 1 : 4,
  share: positive('share') ?? 0.15,
  warmUpRequests: options.smoke ? 1 : 30_000,
  warmUpSeconds: 8,
  connections: 32,
  scheduleDelayMs: options.smoke ? 50 : 500,
};

const results = { ...environment(), settings, programs: {}, faults: [] };
const progress = progressLine();

await measurePrograms();
await part('propagation', propagation);
await part('preload', preload);
await part('size', size);
results.goals = goals(results);
if (results.goals.length > 0 && !options.smoke) print(goalsTable(results.goals));
print(environmentLines(results));
if (options.json) writeFileSync(options.json, `${JSON.stringify(results, null, 2)}\n`);
for (const fault of results.faults) console.error(`FAULT ${fault}`);
process.exitCode = results.faults.length > 0 ? 1 : 0;

async function measurePrograms() {
  const wanted = Object.keys(programs).filter((name) => only.includes(name));
  if (wanted.length === 0) return;
  const surroundings = await startSurroundings(wanted);
  try {
    for (const program of wanted) {
      const { variants: useful } = programs[program];
      const fits = (name) =>
        (variants[name].only?.(programs[program]) ?? true) &&
        (useful?.includes(name) ?? true) &&
        hasPlugin(program, name);
      const names = ['bare', ...chosenVariants.filter((name) => name !== 'bare' && fits(name))];
      const tell = (step) => progress.show(`${program}: ${step}`);
      await attempt(program, async () => {
        const { found, commands } = await findCommands(names);
        const measured = await measureProgram(program, found, settings, { ...surroundings, commands }, tell);
        results.faults.push(...faults(program, measured));
        const summary = summarise(measured);
        results.programs[program] = { ...summary, measured: measured.variants };
        print(options.smoke ? spanCounts(program, summary) : programTable(program, summary, settings));
      });
    }
  } finally {
    await surroundings.stop();
  }
}

/** Without the installation of packages in a short run, and without the applications that only `--all` measures. */
function chosenByDefault() {
  if (options.smoke) return [...Object.keys(programs), 'propagation', 'preload'];
  return [...(options.all ? Object.keys(programs) : main), ...parts];
}

function part(name, measure) {
  return only.includes(name) ? attempt(name, measure) : undefined;
}

/** A part that fails is reported as a fault of the run; the others still run. */
async function attempt(name, measure) {
  try {
    await measure();
  } catch (error) {
    results.faults.push(`${name}: ${error.message}`);
  }
}

async function propagation() {
  const [rounds, seconds] = options.smoke ? [1, 0.025] : [7, 0.3];
  const show = (step) => progress.show(`propagation: ${step}`);
  const tracers = ['clew', 'otel'].filter(has);
  if (tracers.length === 0) return;
  results.propagation = await measurePropagation(tracers, { rounds, seconds }, show);
  print(propagationTable(results.propagation));
}

async function preload() {
  const names = ['bare', 'clew', 'otel'].filter((name) => name === 'bare' || has(name));
  // A short run installs nothing.
  if (has('clew') && !options.smoke) names.splice(2, 0, fivePlugins);
  results.preload = await measurePreload(names, options.smoke ? 1 : 21, (step) =>
    progress.show(`preload: ${step}`),
  );
  print(preloadTable(results.preload));
}

function size() {
  results.size = measureSize(has('clew'), (step) => progress.show(`size: ${step}`));
  print(sizeTable(results.size));
}

/**
 * Skips the variants that need the preload if it does not exist, and in a short run those that need another runtime,
 * unless they are requested.
 */
function exists(variant) {
  if (options.smoke && variants[variant].command) return false;
  if (!variants[variant].flags.includes('@clew/node/register')) return true;
  const written = existsSync(new URL('../packages/node/src/register.ts', import.meta.url));
  if (!written) console.error(`bench: ${variant} is skipped: @clew/node/register does not exist`);
  return written;
}

/** Skips Clew's variants of a program whose plugin is not in this repository. */
function hasPlugin(program, variant) {
  const { plugin } = programs[program];
  if (plugin === undefined || !variants[variant].flags.includes('@clew/node/register')) return true;
  const written = existsSync(
    new URL(`../packages/${plugin.replace('@clew/', '')}/package.json`, import.meta.url),
  );
  if (!written) console.error(`bench: ${program}, ${variant} is skipped: ${plugin} does not exist`);
  return written;
}

function has(variant) {
  return chosenVariants.includes(variant);
}

function print(text) {
  progress.clear();
  console.log(`${text}\n`);
}

function chosen(option, known) {
  const names = options[option]?.split(',');
  const unknown = names?.find((name) => !known.includes(name));
  if (unknown !== undefined)
    fail(`expected --${option} to name some of ${known.join(', ')}, got "${unknown}"`);
  return names;
}

function positive(option) {
  if (options[option] === undefined) return undefined;
  const value = Number(options[option]);
  if (!(value > 0)) fail(`expected --${option} to be a number above 0, got "${options[option]}"`);
  return value;
}

function fail(message) {
  console.error(`bench: ${message}`);
  process.exit(2);
}
