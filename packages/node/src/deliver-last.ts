import { Buffer } from 'node:buffer';
import { existsSync } from 'node:fs';
import { fileURLToPath, URL } from 'node:url';
import { currentContext, suppressTracing } from '@clew/core';
import type { UnsentSpans } from '@clew/tracer';
import { context } from '@opentelemetry/api';

/**
 * Posts what is left while this process stands still: `process.exit()` waits for no answer, so another process
 * asks. It costs a process only when spans are left; what can't be delivered in time is lost, silently, since
 * nobody is there to be told.
 */
export function deliverLast({ bodies, ...address }: UnsentSpans, timeoutMs: number): void {
  const script = scriptPath();
  if (timeoutMs === 0 || script === undefined || !isPlainNode()) return;
  const head = JSON.stringify({ ...address, timeoutMs, lengths: bodies.map((body) => body.length) });
  // NODE_OPTIONS would start the preload again, in a process that is there for our sake only.
  const { NODE_OPTIONS: _, ...environment } = process.env;
  // Only loaded now: most programs end by themselves.
  const { spawnSync } = process.getBuiltinModule('node:child_process');
  const input = Buffer.concat([Buffer.from(`${head}\n`), ...bodies]);
  // A span of this child process would come too late, and be lost.
  context.with(suppressTracing(currentContext()), () =>
    spawnSync(process.execPath, [script], {
      input,
      stdio: ['pipe', 'ignore', 'ignore'],
      timeout: timeoutMs,
      env: environment,
      windowsHide: true,
    }),
  );
}

/** A bundled program has left the script behind. */
function scriptPath(): string | undefined {
  if (!import.meta.url) return undefined;
  const path = fileURLToPath(new URL('./post-last.cjs', import.meta.url));
  return existsSync(path) ? path : undefined;
}

/** A program that was made into one file, or Electron, is not a Node that runs our script. */
function isPlainNode(): boolean {
  return process.versions.electron === undefined && /node(\.exe)?$/i.test(process.execPath);
}
