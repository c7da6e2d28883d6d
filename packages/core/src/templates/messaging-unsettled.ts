import { reportFailure } from '../kit/failures.ts';
import type { Processing } from './messaging-processing.ts';
import type { Failure, WaitingOperations } from './messaging-waiting.ts';
import { TaggedEntries } from './tagged-entries.ts';

/** The deliveries of a channel that are not settled yet. */
export class UnsettledDeliveries {
  readonly #byTag = new TaggedEntries<Processing>();
  readonly #waiting: WaitingOperations;
  /** The delivery whose handler runs now. Most are settled before it returns: only the others are added to the map. */
  #current: Processing | undefined;

  constructor(waiting: WaitingOperations) {
    this.#waiting = waiting;
  }

  /** Whether all deliveries are settled. */
  get isEmpty(): boolean {
    return this.#byTag.size === 0 && (this.#current === undefined || this.#current.allSettled);
  }

  /** Calls the handler. */
  process<T>(processing: Processing, handler: () => T): T {
    this.#addCurrent();
    this.#current = processing;
    try {
      return processing.handle(handler);
    } finally {
      if (this.#current === processing) this.#addCurrent();
    }
  }

  /** Removes the settled deliveries: one tag, or all up to it; with `upTo`, tag 0 means all. */
  settle(tag: number, upTo: boolean, onSettled: (processing: Processing) => void): void {
    const current = this.#current;
    if (!upTo && current !== undefined && current.tag === tag) {
      if (!current.allSettled) onSettled(current);
      return;
    }
    this.#addCurrent();
    this.#byTag.settle(tag, upTo, onSettled);
  }

  /** The delivery with this tag, if it is not settled. */
  find(tag: number): Processing | undefined {
    const current = this.#current;
    return current !== undefined && current.tag === tag ? current : this.#byTag.get(tag);
  }

  /** A handler is done: from now on, the settlement has a deadline. */
  waitOn(processing: Processing): void {
    this.#waiting.delete(processing);
    this.#waiting.add(processing);
  }

  /** Ends the processing of all of them. */
  endWithFailure(failure: Failure): void {
    this.#addCurrent();
    this.#byTag.settle(0, true, (processing) => processing.endWithFailure(failure));
  }

  /** Removes a delivery whose processing has ended. */
  delete(processing: Processing): void {
    this.#waiting.delete(processing);
    if (processing.allSettled) return;
    for (const tag of processing.tags) this.#byTag.delete(tag, processing);
  }

  #addCurrent(): void {
    const processing = this.#current;
    if (processing === undefined) return;
    this.#current = undefined;
    if (processing.ended || processing.allSettled) return;
    // A fault here must not replace the result of the handler.
    try {
      for (const tag of processing.tags) this.#byTag.add(tag, processing);
    } catch (fault) {
      reportFailure('an unsettled delivery', fault);
    }
  }
}
