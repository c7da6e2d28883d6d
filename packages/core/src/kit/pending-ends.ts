/** Functions that end the spans which wait for the end of the current turn of the event loop. */
const pending = new Set<() => void>();

/** Registers a function that ends a span later in this turn; call {@link removePendingEnd} once it ran. */
export function addPendingEnd(finish: () => void): void {
  pending.add(finish);
}

/** Removes a function that {@link addPendingEnd} registered. */
export function removePendingEnd(finish: () => void): void {
  pending.delete(finish);
}

/** Ends the pending spans now: before a flush, and at the end of the process. */
export function finishPendingEnds(): void {
  for (const finish of pending) finish();
}
