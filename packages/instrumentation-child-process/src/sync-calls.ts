import { guard } from '@clew/core/plugin';
import type { ChildProcessTools } from './child-process-instrumentation.ts';
import { beginStart, endSpan, type Outcome } from './child-span.ts';
import { carried, flat, withEnvironment } from './environment.ts';
import { type Launch, launchInShell, launchOf } from './launch.ts';

export type SyncFunction = 'spawnSync' | 'execFileSync' | 'execSync';
export type SyncCall = (this: unknown, ...args: unknown[]) => unknown;

interface SyncOptions {
  readonly shell?: unknown;
  readonly env?: object | null;
}

/** Makes a synchronous function whose child continues the caller's context; a span from call to return. */
export function traceSync(
  tools: ChildProcessTools,
  name: SyncFunction,
  call: SyncCall,
  isInForce: () => boolean,
): SyncCall {
  return function (...args) {
    const start = isInForce()
      ? guard(`${tools.name} on ${name}`, () => beginStart(tools, launchBy(name, args)))
      : undefined;
    if (start === undefined) return call.apply(this, args);
    const { operation, carry } = start;
    const given = carry && guard(`${tools.name} on an environment`, () => carriedArgs(name, args, carry));
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

/** Nothing for arguments that Node will refuse. */
function launchBy(name: SyncFunction, args: readonly unknown[]): Launch | undefined {
  const options = args[optionsAt(name, args)] ?? {};
  if (typeof options !== 'object' || Array.isArray(options)) return undefined;
  const { shell } = options as SyncOptions;
  const [file, list] = args;
  if (name === 'execSync') return launchInShell(file, shell);
  return shell
    ? launchInShell([file, ...(Array.isArray(list) ? list : [])].join(' '), shell)
    : launchOf({ file, args: list });
}

function carriedArgs(
  name: SyncFunction,
  args: readonly unknown[],
  from: Parameters<typeof carried>[1],
): unknown[] | undefined {
  const at = optionsAt(name, args);
  const options = args[at] as SyncOptions | null | undefined;
  const env = carried(flat(options?.env || process.env), from, args.flat());
  if (env === undefined) return undefined;
  const copy = [...args];
  copy[at] = withEnvironment(options, env);
  return copy;
}

/** A list of arguments may be left out. */
function optionsAt(name: SyncFunction, [, second]: readonly unknown[]): number {
  return name !== 'execSync' && (second == null || Array.isArray(second)) ? 2 : 1;
}

/** What `spawnSync` returns; the others throw an error with the same fields, or one of the call itself. */
function outcomeOf(result: unknown): Outcome {
  if (typeof result !== 'object' || result === null || !('status' in result)) return { error: result };
  const { pid, status, signal, error } = result as Outcome & { readonly status?: number | null };
  return { pid, code: status, signal, error };
}
