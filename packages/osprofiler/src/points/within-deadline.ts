import { originals } from '@clew/core/internal';

/**
 * Resolves with `done` when the work has settled, or with `late` after `timeoutMs`. The timer keeps the process alive,
 * unless it is unreferenced.
 */
export function withinDeadline(
  work: Promise<unknown>,
  timeoutMs: number,
  kind: 'referenced' | 'unreferenced' = 'referenced',
): Promise<'done' | 'late'> {
  return new Promise((resolve) => {
    const timer = originals.setTimeout(() => resolve('late'), timeoutMs);
    if (kind === 'unreferenced') timer.unref();
    const finish = () => {
      originals.clearTimeout(timer);
      resolve('done');
    };
    work.then(finish, finish);
  });
}
