import type { DropCause } from './stats.ts';

/** The outcome of a batch: accepted, possibly except for some spans, or dropped as a whole. */
export type Outcome =
  | { readonly cause?: undefined; readonly rejectedSpans: number; readonly detail: string }
  | { readonly cause: DropCause; readonly detail: string };

/** Delivers encoded batches to a receiver, one at a time. */
export interface BatchSender {
  /** Sends the parts of a body and retries where OTLP allows it; never rejects. */
  send(body: readonly Uint8Array[]): Promise<Outcome>;
  /** Ends the wait before a retry. With `lastChance`, a receiver that cannot be reached is not tried again. */
  retryNow(lastChance: boolean): void;
  /** Aborts the request in flight and ends the wait before a retry. */
  close(): void;
}
