import type { ChildProcess } from 'node:child_process';
import { guard, type Operation } from '@clew/core/plugin';
import type { ChildProcessTools } from './child-process-instrumentation.ts';
import { beginStart, endSpan, type Start } from './child-span.ts';
import { carriedPairs } from './environment.ts';
import { type LaunchOptions, launchOf } from './launch.ts';
import { patchNamed } from './named-imports.ts';
import { type SyncCall, type SyncFunction, traceSync } from './sync-calls.ts';

interface SpawnOptions extends LaunchOptions {
  readonly envPairs?: readonly string[];
}

type Spawn = (this: ChildProcess, options: SpawnOptions, ...rest: unknown[]) => unknown;
type Emit = (this: ChildProcess, event: string | symbol, ...args: unknown[]) => boolean;

const SYNC: readonly SyncFunction[] = ['spawnSync', 'execFileSync', 'execSync'];

/** All that is asynchronous comes through the class; the others call one another unseen. */
export function patchChildProcess(module: unknown, tools: ChildProcessTools): void {
  const own = module as { readonly ChildProcess: { readonly prototype: ChildProcess } };
  patchClass(own.ChildProcess.prototype, tools);
  patchNamed(tools, (isInForce) => {
    for (const name of SYNC) {
      tools.wrap<SyncCall>(own, name, (call) => traceSync(tools, name, call, isInForce));
    }
  });
}

function patchClass(prototype: ChildProcess, tools: ChildProcessTools): void {
  const running = new Map<ChildProcess, Operation>();
  tools.onDisable(() => {
    for (const operation of running.values()) operation.end();
    running.clear();
  });
  tools.wrap<Spawn>(
    prototype,
    'spawn',
    (spawn) =>
      function (options, ...rest) {
        const start = guard(`${tools.name} on spawn`, () => beginStart(tools, launchOf(options)));
        if (start === undefined) return spawn.call(this, options, ...rest);
        if (start.operation !== undefined) running.set(this, start.operation);
        try {
          return spawn.call(this, carriedOptions(tools, options, start), ...rest);
        } catch (error) {
          running.delete(this);
          endSpan(start.operation, { error });
          throw error;
        }
      },
  );
  // No listener of ours: one for `error` would take an unhandled error from the program.
  tools.wrap<Emit>(
    prototype,
    'emit',
    (emit) =>
      function (event, ...args) {
        const operation = running.get(this);
        if (operation !== undefined && isEnd(this, event)) {
          running.delete(this);
          guard(`${tools.name} on ${event}`, () => endSpan(operation, outcomeOf(this, event, args)));
        }
        return emit.call(this, event, ...args);
      },
  );
}

function carriedOptions(tools: ChildProcessTools, options: SpawnOptions, { carry }: Start): SpawnOptions {
  const { envPairs } = options;
  if (carry === undefined || !Array.isArray(envPairs)) return options;
  const carried = guard(`${tools.name} on an environment`, () => carriedPairs(envPairs, carry, options.args));
  return carried === undefined ? options : { ...options, envPairs: carried };
}

/** An error of a process that runs, such as an abort, is not its end. */
function isEnd({ pid }: ChildProcess, event: string | symbol): event is 'exit' | 'error' {
  return event === 'exit' || (event === 'error' && pid === undefined);
}

function outcomeOf({ pid }: ChildProcess, event: 'exit' | 'error', args: readonly unknown[]) {
  if (event === 'error') return { error: args[0] };
  const [code, signal] = args as [number | null, string | null];
  return { pid, code, signal };
}
