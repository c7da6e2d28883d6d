import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';

// The built command, as users run it.
export const CLI = join(__dirname, '..', 'dist', 'cli.js');
/** A collector on a busy machine takes longer than the default of the applications that the command runs. */
const PATIENT_FLUSH = { CLEW_FLUSH_TIMEOUT_MS: '60000' };
/** An address without a listener. */
export const NO_LISTENER = 'http://127.0.0.1:1';

export interface Result {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command until it exits. */
export async function clew(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  cwd?: string,
): Promise<Result> {
  const { NO_COLOR, FORCE_COLOR, ...inherited } = process.env;
  try {
    const done = await promisify(execFile)(process.execPath, [CLI, ...args], {
      env: { ...inherited, ...PATIENT_FLUSH, ...env },
      cwd,
    });
    return { status: 0, ...done };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { status: code, stdout, stderr };
  }
}

export interface Running {
  readonly process: ChildProcess;
  readonly url: string;
  readonly output: () => string;
  /** Sends a signal; resolves to the exit status. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** Starts `clew collect` on a free port; resolves once it is ready. */
export async function startCollect(...args: readonly string[]): Promise<Running> {
  const child = spawn(process.execPath, [CLI, 'collect', '--port', '0', ...args]);
  let output = '';
  child.stdout.on('data', (data) => {
    output += data;
  });
  child.stderr.on('data', (data) => {
    output += data;
  });
  while (!output.includes('\n')) await Promise.race([once(child.stdout, 'data'), once(child.stderr, 'data')]);
  const url = /http:\S+/.exec(output)?.[0];
  if (url === undefined) throw new Error(output);
  const end = async (signal: NodeJS.Signals) => {
    const exit = once(child, 'exit');
    child.kill(signal);
    return (await exit)[0];
  };
  return { process: child, url, output: () => output, end };
}
