import { guard } from '../kit/failures.ts';
import { observePromise } from '../kit/observe-promise.ts';
import { ownMethod } from '../kit/own-method.ts';

/** A delivery that an iterator yields, and the number for its settlement, if it must be settled. */
export interface Iterated<Delivery> {
  readonly delivery: Delivery;
  readonly tag: number | undefined;
}

/** Calls `handle` if a value of an iteration is a delivery. */
export type ProcessItem = (item: unknown, handle: () => Promise<void>) => void;

/** The loops over the messages of one channel. */
export class Iterations {
  readonly #open = new Set<() => void>();

  /**
   * Traces the deliveries that an async iterator yields: the processing of each lasts until the loop asks for the next
   * one or ends. A loop that ends early records no error, because `break` and an exception look the same.
   */
  trace(iterator: AsyncIterator<unknown>, process: ProcessItem): void {
    let done: (() => void) | undefined;
    const finish = () => {
      if (done === undefined) return;
      this.#open.delete(done);
      done();
      done = undefined;
    };
    const start = (item: unknown) =>
      process(
        item,
        () =>
          new Promise((resolve) => {
            finish();
            done = resolve;
            this.#open.add(resolve);
          }),
      );
    ownMethod(iterator, 'next', (next) => (...args) => {
      finish();
      return observePromise(
        next(...args),
        (result) => {
          const { done: isOver, value } = result as IteratorResult<unknown>;
          if (isOver !== true) guard('a message in a loop', () => start(value));
        },
        () => {},
      );
    });
    for (const name of ['return', 'throw'] as const) {
      ownMethod(iterator, name, (original) => (...args) => {
        finish();
        return original(...args);
      });
    }
  }

  /** Ends the processing of all open deliveries. */
  close(): void {
    for (const done of this.#open) done();
    this.#open.clear();
  }
}
