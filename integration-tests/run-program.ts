import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** The path of Node; default that of this process. */
  readonly node?: string;
  readonly cwd?: string;
  readonly variables?: Readonly<Record<string, string>>;
}

/** A collector on a busy machine takes longer than the default. Tests of the time itself set their own. */
const PATIENT_FLUSH = { CLEW_FLUSH_TIMEOUT_MS: '60000' };

/** Returns the environment of this process without variables that affect tracing, plus the given variables. */
export function cleanEnvironment(variables: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(OTEL_|CLEW_|NODE_OPTIONS$|TRACEPARENT$|TRACESTATE$|BAGGAGE$)/.test(name),
  );
  return { ...Object.fromEntries(inherited), ...PATIENT_FLUSH, ...variables };
}

export function startProgram(args: readonly string[], options: RunOptions = {}): ChildProcess {
  const { node = process.execPath, cwd = __dirname, variables } = options;
  return spawn(node, args, { cwd, stdio: ['pipe', 'pipe', 'pipe'], env: cleanEnvironment(variables) });
}

/** Runs a program until it exits. */
export async function runProgram(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const child = startProgram(args, options);
  child.stdin?.end();
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout!),
    text(child.stderr!),
    once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
  ]);
  return { code, signal, stdout, stderr };
}

/** Runs the function for each item, at most `width` at a time; returns results in the order of the items. */
export async function inParallel<T, R>(
  width: number,
  items: readonly T[],
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const entries = items.entries();
  const lane = async () => {
    for (const [index, item] of entries) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: width }, lane));
  return results;
}

/** Returns the paths of pinned Node versions, which are installed if they are missing. */
export async function nodeBinaries(versions: readonly string[]): Promise<Map<string, string>> {
  const script = join(__dirname, '..', 'scripts', 'node-versions.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [script, ...versions]);
  const paths = stdout.trim().split('\n');
  return new Map(versions.map((version, index) => [version, paths[index] as string]));
}
