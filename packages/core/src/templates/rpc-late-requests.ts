import { ChurningMap } from './churning-map.ts';

/** A request that waits for its reply. */
export interface Paired {
  readonly id: string;
  readonly replyTo: string;
}

/** Requests by id. Several may share an id: `replyTo` and the predicate of `find` distinguish them. */
export class Pairs<T extends Paired> {
  readonly #byId = new ChurningMap<string, T>();

  add(entry: T): void {
    this.#byId.add(entry.id, entry);
  }

  find(id: string, fits?: (entry: T) => boolean): T | undefined {
    return this.#byId.find(id, fits);
  }

  delete(entry: T): void {
    this.#byId.delete(entry.id, entry);
  }
}

/** About 1 MB in total. Late replies are rare, but requests without a reply may be most of the traffic. */
const MOST_REMEMBERED = 1000;

/** AMQP's own ids are at most 255 bytes long; an id from a message's body may have any length. */
const MAX_KEY_CHARS = 512;

/** Requests whose span has ended without a reply, so that a late reply finds its context. The oldest are dropped. */
export class Unanswered<T extends Paired> {
  readonly #entries = new Map<string, T>();

  add(entry: T): void {
    const key = keyOf(entry.id, entry.replyTo);
    if (key.length > MAX_KEY_CHARS) return;
    // A newer request with the same id moves to the end.
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size <= MOST_REMEMBERED) return;
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

  forget(isOver: (entry: T) => boolean): void {
    for (const entry of this.#entries.values()) if (isOver(entry)) this.delete(entry);
  }
}

function keyOf(id: string, replyTo: string): string {
  return `${replyTo}\0${id}`;
}
