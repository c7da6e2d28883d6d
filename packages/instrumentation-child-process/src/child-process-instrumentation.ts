import { defineInstrumentation, type OptionsOf, option, type Tools } from '@clew/core/plugin';
import { patchChildProcess } from './child-processes.ts';
import { isPrograms, PROGRAMS_EXPECTED } from './launch.ts';
import { patchWorkerThreads } from './worker-threads.ts';

declare const __VERSION__: string;

const options = {
  spans: option.boolean(true),
  propagateTo: option.custom(PROGRAMS_EXPECTED, isPrograms),
  propagateBaggageTo: option.custom(PROGRAMS_EXPECTED, isPrograms),
  workers: option.oneOf(['own', 'all', 'none'], 'own'),
} as const;

/** The tools of this plugin's patches. */
export type ChildProcessTools = Tools<OptionsOf<typeof options>>;

/** Propagates the context to child processes and worker threads, with a CLIENT span for each child process. */
export const ChildProcessInstrumentation = defineInstrumentation({
  name: '@clew/instrumentation-child-process',
  version: __VERSION__,
  options,
  targets: [
    { module: 'child_process', versions: ['*'], patch: patchChildProcess },
    { module: 'cluster', versions: ['*'], patch: patchUnderCluster },
    { module: 'worker_threads', versions: ['*'], patch: patchWorkerThreads },
  ],
});

/** `cluster.fork()` uses a `child_process` module that it loads inside Node, where no module hook is called. */
function patchUnderCluster(_cluster: unknown, tools: ChildProcessTools): void {
  patchChildProcess(process.getBuiltinModule('node:child_process'), tools);
}

export type ChildProcessInstrumentation = InstanceType<typeof ChildProcessInstrumentation>;
