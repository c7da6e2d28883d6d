import { ThrottledWarnings } from '../kit/throttled-warnings.ts';

/** Counts by format and reason. Both are constants of the code, never text from a peer: the map stays small. */
const dropped = new Map<string, number>();
const warnings = new ThrottledWarnings();

/** Counts a part of a message that was dropped, and logs each reason at most once a minute. */
export function countDropped(format: string, reason: string): void {
  const cause = `${format}: ${reason}`;
  const count = (dropped.get(cause) ?? 0) + 1;
  dropped.set(cause, count);
  warnings.warn(cause, () => `clew: dropped ${cause} (${count} so far); the request continues without it`);
}

/** What was dropped from messages since the start, with counts: `{ "tracecontext: malformed traceparent": 3 }`. */
export function droppedFromWire(): Readonly<Record<string, number>> {
  return Object.fromEntries(dropped);
}
