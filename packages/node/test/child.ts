import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** How a program ended, and what it said. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when the program has written this to its standard output. */
  said(word: string): Promise<void>;
}

/** The preload as users write it. */
export const PRELOAD = ['--import', '@clew/node/register'];

/** Runs programs in TypeScript: Node 22.15 strips types when it is asked to, and warns. */
export const TYPESCRIPT = ['--experimental-strip-types', '--disable-warning=ExperimentalWarning'];

/** The path of a program of `test/programs`. */
export function program(name: string): string {
  return join(__dirname, 'programs', name);
}

/** Starts Node on built code, with no variable of ours but the given ones. */
export function start(
  args: readonly string[],
  variables: Record<string, string> = {},
  cwd = __dirname,
  command = process.execPath,
): Running {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(OTEL_|CLEW_|NODE_OPTIONS$)/.test(name),
  );
  const child = spawn(command, args, {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...Object.fromEntries(inherited), ...variables },
  });
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  let heard = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    heard += chunk;
  });
  return {
    process: child,
    ended: Promise.all([text(child.stderr), closed]).then(([stderr, [code, signal]]) => ({
      code,
      signal,
      stdout: heard,
      stderr,
    })),
    said: async (word) => {
      while (!heard.includes(word)) await Promise.race([once(child.stdout, 'data'), closed]);
    },
  };
}

/** Runs Node until it ends by itself. */
export function run(
  args: readonly string[],
  variables: Record<string, string> = {},
  cwd?: string,
): Promise<Ended> {
  return start(args, variables, cwd).ended;
}
