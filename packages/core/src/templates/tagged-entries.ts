import { ChurningMap } from './churning-map.ts';

/**
 * What has a number on a channel and waits to be settled by it: deliveries by the consumer, sent messages by the
 * broker. Numbers only ever grow.
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

  /** Takes out what a settlement means: one tag, or all up to it; `upTo` tag 0 is all there are. */
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
