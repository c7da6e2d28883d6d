import { ChurningMap } from './churning-map.ts';

/**
 * The deliveries of a channel that the consumer settles by their numbers, or the sent messages that the broker confirms.
 * Numbers only increase.
 */
export class TaggedEntries<T> {
  readonly #entries = new ChurningMap<number, T>();

  get size(): number {
    return this.#entries.size;
  }

  add(tag: number, entry: T): void {
    this.#entries.add(tag, entry);
  }

  delete(tag: number, entry: T): void {
    this.#entries.delete(tag, entry);
  }

  get(tag: number): T | undefined {
    return this.#entries.find(tag);
  }

  find(fits: (entry: T) => boolean): T | undefined {
    return this.#inOrder().find(([, entry]) => fits(entry))?.[1];
  }

  /** Removes the settled entries: one tag, or all up to it; with `upTo`, tag 0 means all. */
  settle(tag: number, upTo: boolean, onEntry: (entry: T) => void): void {
    if (upTo) {
      for (const [each, entry] of this.#inOrder())
        if ((tag === 0 || each <= tag) && this.#entries.delete(each, entry)) onEntry(entry);
      return;
    }
    const entry = this.#entries.take(tag);
    if (entry !== undefined) onEntry(entry);
  }

  #inOrder(): [number, T][] {
    return this.#entries.entries().sort(([one], [other]) => one - other);
  }
}
