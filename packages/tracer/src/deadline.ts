import { originals } from '@clew/core/internal';

/**
 * Resolves with `done` or `failed` when the work has finished, or with `late` after `timeoutMs`.
 * Its timer keeps the process alive; the tracer's other timers and sockets are unreferenced.
 */
export function withinDeadline(
  work: PromiseLike<unknown>,
  timeoutMs: number,
): Promise<'done' | 'failed' | 'late'> {
  return new Promise((resolve) => {
    const timer = originals.setTimeout(() => resolve('late'), timeoutMs);
    const finish = (outcome: 'done' | 'failed') => () => {
      originals.clearTimeout(timer);
      resolve(outcome);
    };
    work.then(finish('done'), finish('failed'));
  });
}
