/** What pairs a request with its reply. */
export interface RequestKey {
  readonly id: string;
  readonly replyTo: string;
}

/** About 1 MB in total. Late replies are rare, but requests without a reply may be most of the traffic. */
const MAX_LATE_REQUESTS = 1000;

/** AMQP's own ids are at most 255 bytes long; an id from a message's body may have any length. */
const MAX_KEY_CHARS = 512;

/** Requests whose span has ended without a reply, so that a late reply finds its context. The oldest are dropped. */
export class LateRequests<T extends RequestKey> {
  readonly #entries = new Map<string, T>();

  add(entry: T): void {
    const key = keyOf(entry.id, entry.replyTo);
    if (key.length > MAX_KEY_CHARS) return;
    // A newer request with the same id moves to the end.
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size <= MAX_LATE_REQUESTS) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }

  find(id: string, replyTo: string): T | undefined {
    return this.#entries.size === 0 ? undefined : this.#entries.get(keyOf(id, replyTo));
  }

  delete(entry: T): void {
    const key = keyOf(entry.id, entry.replyTo);
    if (this.#entries.get(key) === entry) this.#entries.delete(key);
  }

  deleteWhere(fits: (entry: T) => boolean): void {
    for (const entry of this.#entries.values()) if (fits(entry)) this.delete(entry);
  }
}

function keyOf(id: string, replyTo: string): string {
  return `${replyTo}\0${id}`;
}
