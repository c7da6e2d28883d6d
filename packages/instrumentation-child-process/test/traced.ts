import childProcess, { type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import workerThreads from 'node:worker_threads';
import { type RecordedSpan, within } from '@clew/testing';
import { trace } from '@opentelemetry/api';
import { ChildProcessInstrumentation } from '../src/index.ts';

/** Prints the trace and the baggage that a child continues. */
export const PRINT =
  'const { TRACEPARENT = "none", BAGGAGE = "none" } = process.env; process.stdout.write(TRACEPARENT + " " + BAGGAGE)';

/** Calls `work` with the script of an installed library, for workers and forks, which sends back its trace. */
export async function withPoolScript<T>(work: (script: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'clew-pool-'));
  const script = join(folder, 'node_modules', 'pool', 'worker.cjs');
  await mkdir(dirname(script), { recursive: true });
  await writeFile(script, POOL);
  return work(script).finally(() => rm(folder, { recursive: true }));
}

const POOL = `
  const { parentPort } = require('node:worker_threads');
  const { TRACEPARENT = 'none' } = process.env;
  if (parentPort) parentPort.postMessage(TRACEPARENT);
  else process.send(TRACEPARENT, () => process.disconnect());
`;

/** Instruments Node's own modules. */
export function instrument(options: object = {}) {
  const instance = new ChildProcessInstrumentation(options);
  instance.instrument(childProcess, 'child_process');
  instance.instrument(workerThreads, 'worker_threads');
  return instance;
}

/** Runs `work` with the plugin enabled, in a span that ends with it. */
export async function asCaller<T>(options: object, work: () => T | Promise<T>): Promise<T> {
  const instance = instrument(options);
  const caller = trace.getTracer('test').startSpan('caller');
  try {
    return await within(caller, work);
  } finally {
    caller.end();
    instance.disable();
  }
}

/** What a child prints that continues this span, without baggage. */
export function printedBy(span: RecordedSpan | undefined): string {
  return `00-${span?.traceId}-${span?.spanId}-01 none`;
}

/**
 * Every function that starts a process, for a Node that evaluates `code` with `options`; returns the child's
 * output.
 */
export const STARTERS: Record<string, (code: string, options?: object) => Promise<string> | string> = {
  spawn: (code, options = {}) => printed(childProcess.spawn(process.execPath, ['-e', code], options)),
  execFile: async (code, options = {}) =>
    `${(await promisify(childProcess.execFile)(process.execPath, ['-e', code], options)).stdout}`,
  exec: async (code, options = {}) =>
    `${(await promisify(childProcess.exec)(inShell(code), options)).stdout}`,
  fork: (code, options = {}) =>
    printed(childProcess.fork('-e', [code], { ...options, execArgv: [], silent: true })),
  spawnSync: (code, options = {}) =>
    `${childProcess.spawnSync(process.execPath, ['-e', code], options).stdout}`,
  execFileSync: (code, options = {}) =>
    `${childProcess.execFileSync(process.execPath, ['-e', code], options)}`,
  execSync: (code, options = {}) => `${childProcess.execSync(inShell(code), options)}`,
};

export const SYNC = ['spawnSync', 'execFileSync', 'execSync'] as const;

async function printed(child: ChildProcess): Promise<string> {
  const [output] = await Promise.all([text(child.stdout!), once(child, 'close')]);
  return output;
}

function inShell(code: string): string {
  return `"${process.execPath}" -e '${code}'`;
}
