import { originals } from '@clew/core/plugin';
import type { Invocation } from './invocation.ts';

const MAX_UNFINISHED = 100;
const unfinished = new Map<Invocation, number>();
let isListening = false;

/**
 * Remembers an invocation whose handler has returned without a promise: it may still call back, whatever its number of
 * parameters. If it does not, the invocation has ended when the handler returned. That is known when the process has
 * nothing left to do, which is also when the runtime responds.
 */
export function awaitCallback(invocation: Invocation): void {
  unfinished.set(invocation, originals.monotonicNow());
  for (const each of unfinished.keys()) {
    if (unfinished.size <= MAX_UNFINISHED) break;
    finish(each);
  }
  if (isListening) return;
  isListening = true;
  // Before the listener of a tracer that shuts down.
  process.prependListener('beforeExit', () => {
    for (const each of unfinished.keys()) finish(each);
  });
}

/** The handler has called back. */
export function calledBack(invocation: Invocation): void {
  unfinished.delete(invocation);
}

function finish(invocation: Invocation): void {
  const returnedAtMs = unfinished.get(invocation);
  unfinished.delete(invocation);
  invocation.succeed(undefined, returnedAtMs);
}
