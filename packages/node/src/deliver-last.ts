import { Buffer } from 'node:buffer';
import { existsSync } from 'node:fs';
import { fileURLToPath, URL } from 'node:url';
import { suppressTracing } from '@clew/core';
import { originals } from '@clew/core/internal';
import { currentContext } from '@clew/core/plugin';
import type { UnsentSpans } from '@clew/tracer';
import { context, diag } from '@opentelemetry/api';
import { postOverConnection } from './post-over-connection.ts';

/** What became of one way to deliver. After `lost` no other way is tried: the receiver is at fault, or the time is up. */
type Result =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'lost' | 'impossible'; readonly reason: string };

/** Without the hooks that are put on it later: at the end of the process no plugin needs to be loaded. */
const { getBuiltinModule } = process;

const DELIVERED: Result = { kind: 'delivered' };
const REFUSED: Result = { kind: 'lost', reason: 'the receiver could not be reached or refused them' };
/** After these a worker thread does not start either, and reports it too late. */
const NO_DESCRIPTORS = new Set(['EMFILE', 'ENFILE']);

/**
 * Posts what is left while this process is blocked: `process.exit()` waits for no response. A child process does it;
 * where none can be started a worker thread; at last this thread itself, over a connection that is open. It costs a
 * process only when spans are left. What can't be delivered in time is lost, with one line in the log.
 */
export function deliverLast(unsent: UnsentSpans, timeoutMs: number): void {
  if (timeoutMs === 0) return;
  const deadlineMs = originals.monotonicNow() + timeoutMs;
  const script = scriptPath();
  const input = inputOf(unsent, timeoutMs);
  const ways = [
    () => inChildProcess(script, input, timeoutMs),
    () => inWorker(script, input, deadlineMs),
    () => overConnection(unsent, deadlineMs),
  ];
  const reasons: string[] = [];
  for (const way of ways) {
    const result = attempt(way);
    if (result.kind === 'delivered') return;
    if (result.kind === 'lost') reasons.length = 0;
    reasons.push(result.reason);
    if (result.kind === 'lost') break;
    if (NO_DESCRIPTORS.has(result.reason)) ways.splice(1, 1);
  }
  diag.warn(
    `@clew/node: ${unsent.spans} spans were lost at the end of the process: ${reasons.map((reason) => reason.replace(/\.$/, '')).join('; ')}. ` +
      'Await flush() before process.exit() to deliver them.',
  );
}

function inputOf({ bodies, url, headers, tls }: UnsentSpans, timeoutMs: number): Buffer {
  const head = JSON.stringify({ url, headers, tls, timeoutMs, lengths: bodies.map((body) => body.length) });
  return Buffer.concat([Buffer.from(`${head}\n`), ...bodies]);
}

function attempt(way: () => Result): Result {
  try {
    // A span of the child process or of the worker would come too late, and be lost.
    return context.with(suppressTracing(currentContext()), way);
  } catch (error) {
    return { kind: 'impossible', reason: (error as Error).message };
  }
}

function inChildProcess(script: string | undefined, input: Buffer, timeoutMs: number): Result {
  if (script === undefined || !isPlainNode())
    return { kind: 'impossible', reason: 'no Node.js for a script' };
  // Only loaded now: most applications end by themselves.
  const { spawnSync } = getBuiltinModule('node:child_process');
  const { error, status } = spawnSync(process.execPath, [script], {
    input,
    stdio: ['pipe', 'ignore', 'ignore'],
    timeout: timeoutMs,
    env: ownEnvironment(),
    windowsHide: true,
  });
  if (error === undefined) return status === 0 ? DELIVERED : REFUSED;
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ETIMEDOUT') return { kind: 'lost', reason: `no response in ${timeoutMs} ms` };
  return { kind: 'impossible', reason: code ?? error.message };
}

/** For a process that may not start another one, or whose Node has been removed while it ran. */
function inWorker(script: string | undefined, input: Buffer, deadlineMs: number): Result {
  if (script === undefined) return { kind: 'impossible', reason: 'the script is not in the bundle' };
  const { Worker } = getBuiltinModule('node:worker_threads');
  const done = new Int32Array(new SharedArrayBuffer(4));
  new Worker(script, {
    workerData: { input, done },
    env: ownEnvironment(),
    execArgv: [],
    stdout: true,
    stderr: true,
  });
  const leftMs = deadlineMs - originals.monotonicNow();
  if (Atomics.wait(done, 0, 0, Math.max(0, leftMs)) === 'timed-out')
    return { kind: 'lost', reason: 'no response in time' };
  return done[0] === 1 ? DELIVERED : REFUSED;
}

function overConnection(unsent: UnsentSpans, deadlineMs: number): Result {
  if (unsent.connection === undefined) return { kind: 'impossible', reason: 'no open connection' };
  return postOverConnection(unsent.connection, unsent, deadlineMs) ? DELIVERED : REFUSED;
}

/** NODE_OPTIONS would start the preload again, in a process that exists for us alone. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, ...environment } = process.env;
  return environment;
}

/** A bundled application has left the script behind. */
function scriptPath(): string | undefined {
  if (!import.meta.url) return undefined;
  const path = fileURLToPath(new URL('./post-last.cjs', import.meta.url));
  return existsSync(path) ? path : undefined;
}

/** An application that was made into one file, or Electron, is not a Node that runs our script. */
function isPlainNode(): boolean {
  return process.versions.electron === undefined && /node(\.exe)?$/i.test(process.execPath);
}
