import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** The output of a program, and its exit code or signal. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves once the program has written this to its standard output. */
  printed(word: string): Promise<void>;
}

/** The preload, as users write it. */
export const PRELOAD = ['--import', '@clew/node/register'];

/** Flags to run TypeScript: Node 22.15 strips types only on request, with a warning. */
export const TYPESCRIPT = ['--experimental-strip-types', '--disable-warning=ExperimentalWarning'];

/** A collector on a busy machine takes longer than the default. Tests of the time itself set their own. */
export const PATIENT_FLUSH = { CLEW_FLUSH_TIMEOUT_MS: '60000' };

/** The path of a program of `test/programs`. */
export function program(name: string): string {
  return join(__dirname, 'programs', name);
}

/** Starts Node with the built packages, and only the given variables of OpenTelemetry and Clew. */
export function start(
  args: readonly string[],
  variables: Record<string, string> = {},
  cwd = __dirname,
  command = process.execPath,
  hasInput = false,
): Running {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(OTEL_|CLEW_|NODE_OPTIONS$)/.test(name),
  );
  const child = spawn(command, args, {
    cwd,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...Object.fromEntries(inherited), ...PATIENT_FLUSH, ...variables },
  });
  if (!hasInput) child.stdin.end();
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
  });
  return {
    process: child,
    ended: Promise.all([text(child.stderr), closed]).then(([stderr, [code, signal]]) => ({
      code,
      signal,
      stdout: output,
      stderr,
    })),
    printed: async (word) => {
      while (!output.includes(word)) await Promise.race([once(child.stdout, 'data'), closed]);
    },
  };
}

/** Runs Node until it exits by itself. */
export function run(
  args: readonly string[],
  variables: Record<string, string> = {},
  cwd?: string,
): Promise<Ended> {
  return start(args, variables, cwd).ended;
}
