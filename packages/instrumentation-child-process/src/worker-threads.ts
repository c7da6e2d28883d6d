import type { Worker, WorkerOptions } from 'node:worker_threads';
import { guard } from '@clew/core/plugin';
import { callerContext } from './caller-context.ts';
import type { ChildProcessTools } from './child-process-instrumentation.ts';
import { propagatedEnvironment, withEnvironment } from './environment.ts';
import { isInPackage } from './launch.ts';
import { patchNamed } from './named-imports.ts';

type WorkerClass = new (...args: unknown[]) => Worker;
type Construct = (this: unknown, ...args: unknown[]) => unknown;

/** Only the constructor knows a worker's environment: the class is replaced by an equivalent function. */
export function patchWorkerThreads(module: unknown, tools: ChildProcessTools): void {
  const own = module as { readonly Worker: WorkerClass };
  patchNamed(tools, (isEnabled) => {
    tools.wrap<Construct>(own, 'Worker', (original) => {
      const construct = original as unknown as WorkerClass;
      return function (...args) {
        // Without `new`, the original throws its own error.
        if (new.target === undefined) return original.apply(this, args);
        const given = isEnabled()
          ? guard(`${tools.name} on Worker`, () => propagatedArgs(tools, args))
          : undefined;
        return Reflect.construct(construct, given ?? args, new.target);
      };
    });
    const { Worker: replacement } = own;
    tools.wrap<Construct>(replacement.prototype, 'constructor', () => replacement as unknown as Construct);
  });
}

function propagatedArgs(
  tools: ChildProcessTools,
  [file, options, ...rest]: unknown[],
): unknown[] | undefined {
  const { workers } = tools.options;
  const caller = workers === 'none' ? undefined : callerContext();
  if (caller === undefined) return undefined;
  const { env, eval: isCode } = (options ?? {}) as WorkerOptions;
  const environment = env ?? process.env;
  // SHARE_ENV means no separate environment; Node rejects other values that are not objects.
  if (typeof environment !== 'object' || typeof (options ?? {}) !== 'object') return undefined;
  if (workers === 'own' && !isCode && isInPackage(String(file))) return undefined;
  const copy = propagatedEnvironment(environment, caller);
  return copy && [file, withEnvironment(options as object | undefined, copy), ...rest];
}
