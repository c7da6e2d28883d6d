import { diag } from '@opentelemetry/api';
import { monotonicNow } from '../kit/originals.ts';

/** What was dropped from the wire, by format and reason. Both are ours, never the peer's text: the table cannot grow. */
const dropped = new Map<string, number>();
const saidAt = new Map<string, number>();
const SAY_EVERY_MS = 60_000;

/** Counts a part of a message that was not understood, and says so once a minute for each reason. */
export function countDropped(format: string, reason: string): void {
  const cause = `${format}: ${reason}`;
  const count = (dropped.get(cause) ?? 0) + 1;
  dropped.set(cause, count);
  const now = monotonicNow();
  if (now - (saidAt.get(cause) ?? Number.NEGATIVE_INFINITY) < SAY_EVERY_MS) return;
  saidAt.set(cause, now);
  diag.warn(`clew: dropped ${cause} (${count} so far); the request goes on without it`);
}

/** How often what was dropped from incoming messages since the start: `{ "tracecontext: malformed traceparent": 3 }`. */
export function droppedFromWire(): Readonly<Record<string, number>> {
  return Object.fromEntries(dropped);
}
