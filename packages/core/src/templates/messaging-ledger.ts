/**
 * What has a number on a channel and waits to be settled by it: deliveries by the consumer, sent messages by the
 * broker. Numbers only ever grow.
 */
export class Ledger<T> {
  readonly #entries = new Map<number, T>();

  get size(): number {
    return this.#entries.size;
  }

  add(tag: number, entry: T): void {
    this.#entries.set(tag, entry);
  }

  delete(tag: number): void {
    this.#entries.delete(tag);
  }

  find(fits: (entry: T) => boolean): T | undefined {
    for (const entry of this.#entries.values()) if (fits(entry)) return entry;
    return undefined;
  }

  /** Takes out what a settlement means: one tag, or all up to it; `upTo` tag 0 is all there are. */
  settle(tag: number, upTo: boolean, onEntry: (entry: T) => void): void {
    if (!upTo) {
      const entry = this.#entries.get(tag);
      if (entry === undefined) return;
      this.#entries.delete(tag);
      onEntry(entry);
      return;
    }
    for (const [each, entry] of this.#entries) {
      if (tag !== 0 && each > tag) return;
      this.#entries.delete(each);
      onEntry(entry);
    }
  }
}
