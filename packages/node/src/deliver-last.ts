import { Buffer } from 'node:buffer';
import { existsSync } from 'node:fs';
import { fileURLToPath, URL } from 'node:url';
import { suppressTracing } from '@clew/core';
import { currentContext, originals } from '@clew/core/internal';
import type { UnsentSpans } from '@clew/tracer';
import { context, diag } from '@opentelemetry/api';
import { postOverConnection } from './post-over-connection.ts';

/**
 * The result of one delivery method. After `lost`, no other method is tried: the receiver failed, or time is up.
 */
type Result =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'lost' | 'impossible'; readonly reason: string };

/** Read before hooks wrap it: at exit, loading a module must not load a plugin. */
const { getBuiltinModule } = process;

const DELIVERED: Result = { kind: 'delivered' };
const REJECTED: Result = { kind: 'lost', reason: 'the receiver was unreachable or rejected them' };
/** With these errors a worker thread cannot start either, and would report that too late. */
const NO_DESCRIPTORS = new Set(['EMFILE', 'ENFILE']);

/**
 * Posts the remaining spans while this process is blocked, because `process.exit()` waits for no response. Tries a
 * child process, then a worker thread, then this thread over a connection that is already open. A process is
 * started only if spans are left. Spans that cannot be delivered within `timeoutMs` are lost, with one log line.
 */
export function deliverLast(unsent: UnsentSpans, timeoutMs: number): void {
  if (timeoutMs === 0) return;
  const deadlineMs = originals.monotonicNow() + timeoutMs;
  const script = scriptPath();
  const input = inputOf(unsent, timeoutMs);
  const methods = [
    () => inChildProcess(script, input, timeoutMs),
    () => inWorker(script, input, deadlineMs),
    () => overConnection(unsent, deadlineMs),
  ];
  const reasons: string[] = [];
  for (const method of methods) {
    const result = attempt(method);
    if (result.kind === 'delivered') return;
    if (result.kind === 'lost') reasons.length = 0;
    reasons.push(result.reason);
    if (result.kind === 'lost') break;
    if (NO_DESCRIPTORS.has(result.reason)) methods.splice(1, 1);
  }
  diag.warn(
    `@clew/node: ${unsent.spans} spans were lost when the process exited: ${reasons.map((reason) => reason.replace(/\.$/, '')).join('; ')}. ` +
      'Await flush() before process.exit() to deliver them.',
  );
}

function inputOf({ bodies, url, headers, tls }: UnsentSpans, timeoutMs: number): Buffer {
  const head = JSON.stringify({ url, headers, tls, timeoutMs, lengths: bodies.map((body) => body.length) });
  return Buffer.concat([Buffer.from(`${head}\n`), ...bodies]);
}

function attempt(method: () => Result): Result {
  try {
    // Spans of the child process or worker would be recorded too late to be delivered.
    return context.with(suppressTracing(currentContext()), method);
  } catch (error) {
    return { kind: 'impossible', reason: (error as Error).message };
  }
}

function inChildProcess(script: string | undefined, input: Buffer, timeoutMs: number): Result {
  if (script === undefined || !isPlainNode())
    return { kind: 'impossible', reason: 'this executable cannot run a Node.js script' };
  // Loaded lazily: most applications do not need it.
  const { spawnSync } = getBuiltinModule('node:child_process');
  const { error, status } = spawnSync(process.execPath, [script], {
    input,
    stdio: ['pipe', 'ignore', 'ignore'],
    timeout: timeoutMs,
    env: childEnvironment(),
    windowsHide: true,
  });
  if (error === undefined) return status === 0 ? DELIVERED : REJECTED;
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ETIMEDOUT') return { kind: 'lost', reason: `no response within ${timeoutMs} ms` };
  return { kind: 'impossible', reason: code ?? error.message };
}

/** For a process that is not allowed to start another one, or whose Node executable has been removed. */
function inWorker(script: string | undefined, input: Buffer, deadlineMs: number): Result {
  if (script === undefined) return { kind: 'impossible', reason: 'the script is not in the bundle' };
  const { Worker } = getBuiltinModule('node:worker_threads');
  const done = new Int32Array(new SharedArrayBuffer(4));
  new Worker(script, {
    workerData: { input, done },
    env: childEnvironment(),
    execArgv: [],
    stdout: true,
    stderr: true,
  });
  const leftMs = deadlineMs - originals.monotonicNow();
  if (Atomics.wait(done, 0, 0, Math.max(0, leftMs)) === 'timed-out')
    return { kind: 'lost', reason: 'no response in time' };
  return done[0] === 1 ? DELIVERED : REJECTED;
}

function overConnection(unsent: UnsentSpans, deadlineMs: number): Result {
  if (unsent.connection === undefined) return { kind: 'impossible', reason: 'no open connection' };
  return postOverConnection(unsent.connection, unsent, deadlineMs) ? DELIVERED : REJECTED;
}

/** Without NODE_OPTIONS, which would load the preload again. */
function childEnvironment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, ...environment } = process.env;
  return environment;
}

/** Returns `undefined` in a bundled application, which does not contain the script. */
function scriptPath(): string | undefined {
  if (!import.meta.url) return undefined;
  const path = fileURLToPath(new URL('./post-last.cjs', import.meta.url));
  return existsSync(path) ? path : undefined;
}

/** False for single executable applications and Electron, which do not run a script given as an argument. */
function isPlainNode(): boolean {
  return process.versions.electron === undefined && /node(\.exe)?$/i.test(process.execPath);
}
