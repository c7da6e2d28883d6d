import { guard, originals, reportFailure } from '@clew/core/plugin';
import type { Exporter } from './flush.ts';
import type { Invocation, LambdaContext } from './invocation.ts';

const REASON = 'timeout';
/** Timers of Node can't wait longer; a function of AWS runs for 15 minutes at most. */
const MAX_MS = 2 ** 31 - 1;

/**
 * Ends and exports the spans of an invocation that is about to time out: the platform then kills the process without a
 * signal. Returns a function that clears the timer.
 */
export function watchTimeLimit(
  invocation: Invocation,
  context: LambdaContext,
  reserveMs: number,
  exporter: Exporter,
): () => void {
  const remainingMs = () => guard('reading the remaining time', () => context.getRemainingTimeInMillis?.());
  const atStartMs = remainingMs();
  if (reserveMs === 0 || typeof atStartMs !== 'number' || !(atStartMs > 0 && atStartMs < MAX_MS))
    return () => {};
  // A function with a short limit runs for at least half of it.
  const waitMs = atStartMs - Math.min(reserveMs, atStartMs / 2);
  const timer = originals.setTimeout(() => {
    if (invocation.ended) return;
    invocation.failUnfinished(REASON, isAlone() ? exporter.endUnfinished : undefined);
    exporter.flush().catch((fault: unknown) => reportFailure('exporting before a timeout', fault));
  }, waitMs);
  // A handler that waits for nothing ends the process, as without this timer.
  timer.unref();
  return () => originals.clearTimeout(timer);
}

/** Whether all open spans are of one invocation. Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances.html */
function isAlone(): boolean {
  return process.env.AWS_LAMBDA_MAX_CONCURRENCY === undefined;
}
