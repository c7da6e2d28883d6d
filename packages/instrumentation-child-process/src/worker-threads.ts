import type { Worker, WorkerOptions } from 'node:worker_threads';
import { guard } from '@clew/core/plugin';
import { callersContext } from './caller.ts';
import type { ChildProcessTools } from './child-process-instrumentation.ts';
import { carried, withEnvironment } from './environment.ts';
import { isLibrarys } from './launch.ts';
import { patchNamed } from './named-imports.ts';

type WorkerClass = new (...args: unknown[]) => Worker;
type Construct = (this: unknown, ...args: unknown[]) => unknown;

/** Only the constructor knows the environment of a worker: the class is replaced by a function that is as good. */
export function patchWorkerThreads(module: unknown, tools: ChildProcessTools): void {
  const own = module as { readonly Worker: WorkerClass };
  patchNamed(tools, (isInForce) => {
    tools.wrap<Construct>(own, 'Worker', (original) => {
      const construct = original as unknown as WorkerClass;
      return function (...args) {
        // Without `new` it throws, in its own words.
        if (new.target === undefined) return original.apply(this, args);
        const given = isInForce()
          ? guard(`${tools.name} on Worker`, () => carriedArgs(tools, args))
          : undefined;
        return Reflect.construct(construct, given ?? args, new.target);
      };
    });
    const { Worker: replacement } = own;
    tools.wrap<Construct>(replacement.prototype, 'constructor', () => replacement as unknown as Construct);
  });
}

function carriedArgs(tools: ChildProcessTools, [file, options, ...rest]: unknown[]): unknown[] | undefined {
  const { workers } = tools.options;
  const caller = workers === 'none' ? undefined : callersContext();
  if (caller === undefined) return undefined;
  const { env, eval: isCode } = (options ?? {}) as WorkerOptions;
  const environment = env ?? process.env;
  // With SHARE_ENV it has no environment of its own; what else is no object, Node refuses.
  if (typeof environment !== 'object' || typeof (options ?? {}) !== 'object') return undefined;
  if (workers === 'own' && !isCode && isLibrarys(String(file))) return undefined;
  const copy = carried(environment, caller);
  return copy && [file, withEnvironment(options as object | undefined, copy), ...rest];
}
