import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** How an application has ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What an application runs with. */
export interface ApplicationOptions {
  /** Parts of `NODE_OPTIONS`; empty ones are left out. */
  readonly nodeOptions: readonly string[];
  readonly variables: NodeJS.ProcessEnv;
  /** Where its standard output goes; default: the standard output of this process. */
  readonly output?: 'standard error';
  /** The application is stopped after this time. Default: no limit. */
  readonly maxMs?: number;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** How long an application may take to end after SIGTERM. */
const END_MS = 5000;

/** Runs a command, and forwards signals; `isStopped` is true once one was sent. Rejects if the command cannot be started. */
export function runApplication(
  command: string,
  args: readonly string[],
  { nodeOptions, variables, output, maxMs }: ApplicationOptions,
): Promise<Ended & { readonly isStopped: boolean }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['inherit', output === 'standard error' ? 2 : 'inherit', 'inherit'],
      env: { ...process.env, ...variables, NODE_OPTIONS: nodeOptions.filter(Boolean).join(' ') },
    });
    let isStopped = false;
    // A terminal sends SIGINT to both; then the second one would end an application that is about to end.
    const forward = (signal: NodeJS.Signals) => {
      isStopped = true;
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    };
    for (const signal of SIGNALS) process.on(signal, forward);
    const timers: NodeJS.Timeout[] = [];
    if (maxMs !== undefined)
      timers.push(
        setTimeout(() => {
          isStopped = true;
          child.kill('SIGTERM');
          timers.push(setTimeout(() => child.kill('SIGKILL'), END_MS));
        }, maxMs),
      );
    const done = () => {
      for (const signal of SIGNALS) process.off(signal, forward);
      timers.forEach(clearTimeout);
    };
    child.once('error', (error: NodeJS.ErrnoException) => {
      done();
      reject(error.code === 'ENOENT' ? new Error(`${command}: command not found`) : error);
    });
    child.once('close', (code, signal) => {
      done();
      resolve({ code, signal, isStopped });
    });
  });
}

/**
 * Returns the folder of `@clew/node` as the application's folder has it, or else as this package has it. Throws if it is
 * not installed.
 */
export function nodePackage(): string {
  const folder = nodePackageIn(join(process.cwd(), 'package.json')) ?? nodePackageIn(import.meta.url);
  if (folder !== undefined) return folder;
  throw new Error(
    '@clew/node is not installed here: npm install @clew/node, and the plugins of your libraries',
  );
}

/** Returns the folder of `@clew/node` as a file has it, or `undefined`. */
export function nodePackageIn(file: string): string | undefined {
  try {
    return dirname(createRequire(file).resolve('@clew/node/package.json'));
  } catch {
    return undefined;
  }
}

/** Returns the URL of the preload. */
export function preloadOf(folder: string): string {
  return pathToFileURL(join(folder, 'dist', 'register.js')).href;
}
