import type { ChildProcess } from 'node:child_process';
import { guard, type Operation } from '@clew/core/plugin';
import type { ChildProcessTools } from './child-process-instrumentation.ts';
import { endSpan, type StartedChild, startChild } from './child-span.ts';
import { propagatedPairs } from './environment.ts';
import { type LaunchOptions, launchOf } from './launch.ts';
import { patchNamed } from './named-imports.ts';
import { type SyncCall, type SyncFunction, traceSync } from './sync-calls.ts';

interface SpawnOptions extends LaunchOptions {
  readonly envPairs?: readonly string[];
}

type Spawn = (this: ChildProcess, options: SpawnOptions, ...rest: unknown[]) => unknown;
type Emit = (this: ChildProcess, event: string | symbol, ...args: unknown[]) => boolean;

const SYNC: readonly SyncFunction[] = ['spawnSync', 'execFileSync', 'execSync'];

/**
 * All asynchronous functions use the class; the synchronous ones call each other internally and are patched one by
 * one.
 */
export function patchChildProcess(module: unknown, tools: ChildProcessTools): void {
  const own = module as { readonly ChildProcess: { readonly prototype: ChildProcess } };
  patchClass(own.ChildProcess.prototype, tools);
  patchNamed(tools, (isEnabled) => {
    for (const name of SYNC) {
      tools.wrap<SyncCall>(own, name, (call) => traceSync(tools, name, call, isEnabled));
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
        const start = guard(`${tools.name} on spawn`, () => startChild(tools, launchOf(options)));
        if (start === undefined) return spawn.call(this, options, ...rest);
        if (start.operation !== undefined) running.set(this, start.operation);
        try {
          return spawn.call(this, propagatedOptions(tools, options, start), ...rest);
        } catch (error) {
          running.delete(this);
          endSpan(start.operation, { error });
          throw error;
        }
      },
  );
  // Not a listener: one for `error` would handle an error that the application leaves unhandled.
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

function propagatedOptions(
  tools: ChildProcessTools,
  options: SpawnOptions,
  { childContext }: StartedChild,
): SpawnOptions {
  const { envPairs } = options;
  if (childContext === undefined || !Array.isArray(envPairs)) return options;
  const pairs = guard(`${tools.name} on an environment`, () =>
    propagatedPairs(envPairs, childContext, options.args),
  );
  return pairs === undefined ? options : { ...options, envPairs: pairs };
}

/** An `error` of a running process, such as an abort, is not its end. */
function isEnd({ pid }: ChildProcess, event: string | symbol): event is 'exit' | 'error' {
  return event === 'exit' || (event === 'error' && pid === undefined);
}

function outcomeOf({ pid }: ChildProcess, event: 'exit' | 'error', args: readonly unknown[]) {
  if (event === 'error') return { error: args[0] };
  const [code, signal] = args as [number | null, string | null];
  return { pid, code, signal };
}
