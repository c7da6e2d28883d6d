import { guard } from '../kit/failures.ts';
import { observePromise } from '../kit/observe-promise.ts';
import { type AnyFunction, dress } from '../kit/wrap.ts';

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
   * Traces what an async iterator yields: the processing of a delivery lasts from there until the loop asks for the
   * next one or ends. Why a loop ends early can't be seen: `break` and an exception look the same.
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
    override(iterator, 'next', (next) => (...args) => {
      finish();
      return observePromise(
        next(...args),
        (result) => {
          const { done: isOver, value } = result as IteratorResult<unknown>;
          if (isOver !== true) guard('an iterated message', () => start(value));
        },
        () => {},
      );
    });
    for (const name of ['return', 'throw'] as const) {
      override(iterator, name, (original) => (...args) => {
        finish();
        return original(...args);
      });
    }
  }

  /** Ends all of them. */
  close(): void {
    for (const done of this.#open) done();
    this.#open.clear();
  }
}

type Method = (...args: unknown[]) => unknown;

/** Generators have their methods on a prototype that is shared by all: each iterator gets its own. */
function override(iterator: object, name: string, make: (original: Method) => Method): void {
  const original: unknown = Reflect.get(iterator, name);
  if (typeof original !== 'function') return;
  const value = dress(make(original.bind(iterator) as Method) as AnyFunction, original as AnyFunction);
  Object.defineProperty(iterator, name, { value, writable: true, configurable: true, enumerable: false });
}
