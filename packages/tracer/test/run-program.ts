import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

const PROGRAM_TIMEOUT_MS = 60_000;

/** Starts a program of `test/programs` with the built package, and kills it if it does not exit in time. */
export function startProgram(name: string, ...args: string[]): ChildProcessWithoutNullStreams {
  const program = join(__dirname, 'programs', name);
  return spawn(process.execPath, [program, ...args], { timeout: PROGRAM_TIMEOUT_MS });
}

/** Runs a program of `test/programs` with the built package until it exits by itself. */
export async function runProgram(name: string, ...args: string[]): Promise<Ended> {
  const child = startProgram(name, ...args);
  child.stdin.end();
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null, string | null]>,
  ]);
  return { code, signal, stdout, stderr };
}
