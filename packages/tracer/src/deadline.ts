import { originals } from '@clew/core/internal';

/**
 * Resolves when the work is done, has failed, or the time is up, and says which.
 * While it waits the process stays alive: all else of ours is unreferenced.
 */
export function withinDeadline(
  work: PromiseLike<unknown>,
  timeoutMs: number,
): Promise<'done' | 'failed' | 'late'> {
  return new Promise((resolve) => {
    const timer = originals.setTimeout(() => resolve('late'), timeoutMs);
    const settle = (outcome: 'done' | 'failed') => () => {
      originals.clearTimeout(timer);
      resolve(outcome);
    };
    work.then(settle('done'), settle('failed'));
  });
}
