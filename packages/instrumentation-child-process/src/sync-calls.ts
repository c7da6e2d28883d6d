import { guard } from '@clew/core/plugin';
import type { ChildProcessTools } from './child-process-instrumentation.ts';
import { endSpan, type Outcome, startChild } from './child-span.ts';
import { propagatedEnvironment, withEnvironment, withInherited } from './environment.ts';
import { type Launch, launchInShell, launchOf } from './launch.ts';

/** The synchronous functions that start a process. */
export type SyncFunction = 'spawnSync' | 'execFileSync' | 'execSync';
export type SyncCall = (this: unknown, ...args: unknown[]) => unknown;

interface SyncOptions {
  readonly shell?: unknown;
  readonly env?: object | null;
}

/** Wraps a synchronous function: its child continues the caller's context, with a span from call to return. */
export function traceSync(
  tools: ChildProcessTools,
  name: SyncFunction,
  call: SyncCall,
  isEnabled: () => boolean,
): SyncCall {
  return function (...args) {
    const start = isEnabled()
      ? guard(`${tools.name} on ${name}`, () => startChild(tools, launchOfCall(name, args)))
      : undefined;
    if (start === undefined) return call.apply(this, args);
    const { operation, childContext } = start;
    const given =
      childContext &&
      guard(`${tools.name} on an environment`, () => propagatedArgs(name, args, childContext));
    try {
      const result = call.apply(this, given ?? args);
      endSpan(operation, name === 'spawnSync' ? outcomeOf(result) : { code: 0 });
      return result;
    } catch (error) {
      endSpan(operation, outcomeOf(error));
      throw error;
    }
  };
}

/** Returns `undefined` for arguments that Node will reject. */
function launchOfCall(name: SyncFunction, args: readonly unknown[]): Launch | undefined {
  const options = args[optionsIndex(name, args)] ?? {};
  if (typeof options !== 'object' || Array.isArray(options)) return undefined;
  const { shell } = options as SyncOptions;
  const [file, list] = args;
  if (name === 'execSync') return launchInShell(file, shell);
  return shell
    ? launchInShell([file, ...(Array.isArray(list) ? list : [])].join(' '), shell)
    : launchOf({ file, args: list });
}

function propagatedArgs(
  name: SyncFunction,
  args: readonly unknown[],
  from: Parameters<typeof propagatedEnvironment>[1],
): unknown[] | undefined {
  const at = optionsIndex(name, args);
  const options = args[at] as SyncOptions | null | undefined;
  const env = propagatedEnvironment(withInherited(options?.env || process.env), from, args.flat());
  if (env === undefined) return undefined;
  const copy = [...args];
  copy[at] = withEnvironment(options, env);
  return copy;
}

/** The list of arguments may be omitted. */
function optionsIndex(name: SyncFunction, [, second]: readonly unknown[]): number {
  return name !== 'execSync' && (second == null || Array.isArray(second)) ? 2 : 1;
}

/**
 * Reads the result of `spawnSync`, or the error of the other functions, which has the same fields unless the call
 * failed.
 */
function outcomeOf(result: unknown): Outcome {
  if (typeof result !== 'object' || result === null || !('status' in result)) return { error: result };
  const { pid, status, signal, error } = result as Outcome & { readonly status?: number | null };
  return { pid, code: status, signal, error };
}
