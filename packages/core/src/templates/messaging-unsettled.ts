import { reportFailure } from '../kit/failures.ts';
import type { Processing } from './messaging-processing.ts';
import type { Cut, Waiting } from './messaging-waiting.ts';
import { TaggedEntries } from './tagged-entries.ts';

/** The deliveries of a channel that are not settled yet. */
export class Unsettled {
  readonly #byTag = new TaggedEntries<Processing>();
  readonly #waiting: Waiting;
  /** The delivery whose handler runs now. Most are settled before it returns: only the others are added to the table. */
  #inHand: Processing | undefined;

  constructor(waiting: Waiting) {
    this.#waiting = waiting;
  }

  /** Whether any are not settled yet. */
  get isEmpty(): boolean {
    return this.#byTag.size === 0 && (this.#inHand === undefined || this.#inHand.allSettled);
  }

  /** Calls the handler. */
  hand<T>(processing: Processing, handler: () => T): T {
    this.#writeDown();
    this.#inHand = processing;
    try {
      return processing.handle(handler);
    } finally {
      if (this.#inHand === processing) this.#writeDown();
    }
  }

  /** Removes the settled deliveries: one tag, or all up to it; with `upTo`, tag 0 means all. */
  settle(tag: number, upTo: boolean, onSettled: (processing: Processing) => void): void {
    const inHand = this.#inHand;
    if (!upTo && inHand !== undefined && inHand.tag === tag) {
      if (!inHand.allSettled) onSettled(inHand);
      return;
    }
    this.#writeDown();
    this.#byTag.settle(tag, upTo, onSettled);
  }

  /** The delivery with this tag, if it is not settled. */
  find(tag: number): Processing | undefined {
    const inHand = this.#inHand;
    return inHand !== undefined && inHand.tag === tag ? inHand : this.#byTag.get(tag);
  }

  /** A handler is done: from now on, the settlement has a deadline. */
  waitOn(processing: Processing): void {
    this.#waiting.delete(processing);
    this.#waiting.add(processing);
  }

  /** Ends all of them with a reason. */
  cut(reason: Cut): void {
    this.#writeDown();
    this.#byTag.settle(0, true, (processing) => processing.cut(reason));
  }

  /** Removes one that has ended. */
  delete(processing: Processing): void {
    this.#waiting.delete(processing);
    if (processing.allSettled) return;
    for (const tag of processing.tags) this.#byTag.delete(tag, processing);
  }

  #writeDown(): void {
    const processing = this.#inHand;
    if (processing === undefined) return;
    this.#inHand = undefined;
    if (processing.ended || processing.allSettled) return;
    // Between the handler and the application: no fault here may replace the handler's result.
    try {
      for (const tag of processing.tags) this.#byTag.add(tag, processing);
    } catch (fault) {
      reportFailure('a delivery to be settled', fault);
    }
  }
}
