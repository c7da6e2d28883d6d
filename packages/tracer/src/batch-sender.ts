import type { DropCause } from './stats.ts';

/** What became of a batch: taken, perhaps but for some spans, or dropped as a whole. */
export type Outcome =
  | { readonly cause?: undefined; readonly rejectedSpans: number; readonly detail: string }
  | { readonly cause: DropCause; readonly detail: string };

/** Takes encoded batches to a receiver, one at a time. */
export interface BatchSender {
  /** Sends the parts of a body, and sends them again where that may help; never rejects. */
  send(body: readonly Uint8Array[]): Promise<Outcome>;
  /** Ends a wait between two attempts; at the last chance a receiver that can't be reached is not asked again. */
  hurry(lastChance: boolean): void;
  /** Ends what is going on. */
  close(): void;
}
