import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { folder, inherited } from '../children.mjs';

const execute = promisify(execFile);
const MARK = '--dump-before=getpriority';
const CALLGRIND_ROUNDS = 20;
/** A round that takes this many times as much as the median, or more, is one in which V8 compiled a function. */
const COMPILED = 1.2;

/**
 * Counts the instructions of a command in user mode, in all of its threads.
 *
 * @typedef {{ label: string, warmUpRounds: number, rounds: number, count: (command: (rounds: number) => string[]) => Promise<number> }} Counter
 *   `count`: the instructions of one round after the warm-up.
 */

/** Returns the fastest counter that this machine has: the processor's, or valgrind's, or `undefined`. */
export async function findCounter() {
  return (await processorCounter()) ?? (await callgrindCounter());
}

/**
 * Counts a run that ends after the warm-up and one that continues: their difference contains no start-up. There are many
 * rounds, because the difference contains what start-up varies by, and the functions that V8 still compiles.
 */
async function processorCounter() {
  if (!((await perf(['true'])) > 0)) return undefined;
  const rounds = 300;
  const count = async (command) => ((await perf(command(rounds))) - (await perf(command(0)))) / rounds;
  return { label: 'perf stat -e instructions:u', warmUpRounds: 200, rounds, count };
}

/** Returns the instructions of a command, or `NaN` if the machine cannot count them. */
async function perf(command) {
  const { stderr } = await run('perf', ['stat', '-x,', '-e', 'instructions:u', '--', ...command]);
  return Number(/^([^,\n]+),[^,\n]*,instructions/m.exec(stderr)?.[1]);
}

/** Counts one run, in which the program marks the start and the end of every round. */
async function callgrindCounter() {
  const { stdout } = await run('valgrind', ['--version']);
  if (!stdout.startsWith('valgrind-')) return undefined;
  return {
    label: `callgrind of ${stdout.trim()}`,
    warmUpRounds: 20,
    rounds: CALLGRIND_ROUNDS,
    count: callgrind,
  };
}

async function callgrind(command) {
  const scratch = await mkdtemp(join(tmpdir(), 'clew-instructions-'));
  try {
    const file = join(scratch, 'out');
    const flags = ['--tool=callgrind', '--smc-check=all-non-file', MARK];
    flags.push('--combine-dumps=yes', `--callgrind-out-file=${file}`);
    const { failure, stderr } = await run('valgrind', [...flags, ...command(CALLGRIND_ROUNDS)]);
    if (failure !== undefined) throw new Error(`valgrind failed: ${stderr}`);
    const parts = (await readFile(file, 'utf8')).split(/^part: /m).filter((part) => part.includes(MARK));
    if (parts.length !== CALLGRIND_ROUNDS + 1) throw new Error(`expected a mark a round: ${stderr}`);
    return roundOf(parts.slice(1).map((part) => Number(/^totals: (\d+)/m.exec(part)[1])));
  } finally {
    await rm(scratch, { recursive: true });
  }
}

/** The mean of the rounds in which V8 compiled nothing. */
function roundOf(counts) {
  const middle = counts.toSorted((a, b) => a - b)[counts.length >> 1];
  const kept = counts.filter((count) => count < COMPILED * middle);
  return kept.reduce((sum, count) => sum + count, 0) / kept.length;
}

const stop = new AbortController();

/** Ends the commands that are still counted. */
export const stopCounting = () => stop.abort();

/** Runs a command in the folder of the benchmarks; a command that is missing or fails has a `failure`. */
async function run(file, args) {
  try {
    const options = { cwd: folder, env: inherited(), encoding: 'utf8', signal: stop.signal };
    return await execute(file, args, options);
  } catch (failure) {
    return { failure, stdout: failure.stdout ?? '', stderr: failure.stderr || failure.message };
  }
}
