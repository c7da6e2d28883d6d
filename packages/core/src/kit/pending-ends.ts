/** Functions that end spans which only wait for the end of the current turn of the event loop. */
const pending = new Set<() => void>();

/** Remembers what is still to be done in this turn; whoever does it in time takes it back by {@link endIsDone}. */
export function endIsPending(finish: () => void): void {
  pending.add(finish);
}

export function endIsDone(finish: () => void): void {
  pending.delete(finish);
}

/** Does at once what would be done at the end of this turn: before a flush, and when the process ends. */
export function finishPendingEnds(): void {
  for (const finish of pending) finish();
}
