interface Entry<K, V> {
  readonly key: K;
  value: V | undefined;
  next: Entry<K, V> | undefined;
}

const FIRST_BUCKETS = 16;
/** The map never shrinks below this size: with bursts of entries, it would grow again each time. */
const KEPT_BUCKETS = 512;
const seed = (Math.random() * 2 ** 32) | 0;

/**
 * Written for speed: a map for short-lived entries, few at a time, with several entries for a key. The plain form, a
 * `Map`, rehashes after every few additions and deletions, and its old tables keep the new ones alive until a full
 * collection. In measurements that was most of the garbage of a call.
 */
export class ChurningMap<K extends string | number, V> {
  #buckets: (Entry<K, V> | undefined)[] = new Array(FIRST_BUCKETS).fill(undefined);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds an entry after those of the same key. */
  add(key: K, value: V): void {
    if (this.#size >= this.#buckets.length) this.#resize(this.#buckets.length * 2);
    this.#size++;
    this.#append({ key, value, next: undefined });
  }

  /** The first value of a key that `fits` accepts; by default, the first. */
  find(key: K, fits?: (value: V) => boolean): V | undefined {
    let entry = this.#buckets[hashOf(key) & (this.#buckets.length - 1)];
    while (entry !== undefined) {
      if (entry.key === key && (fits === undefined || fits(entry.value as V))) return entry.value;
      entry = entry.next;
    }
    return undefined;
  }

  /** Removes the entry with this key and value; returns whether it existed. */
  delete(key: K, value: V): boolean {
    return this.#remove(key, value) !== undefined;
  }

  /** Removes the first entry of a key and returns its value. */
  take(key: K): V | undefined {
    return this.#remove(key, undefined);
  }

  /** Removes the first entry of a key with this value; with any value if it is `undefined`. */
  #remove(key: K, value: V | undefined): V | undefined {
    const index = hashOf(key) & (this.#buckets.length - 1);
    let before: Entry<K, V> | undefined;
    let entry = this.#buckets[index];
    while (entry !== undefined && (entry.key !== key || (value !== undefined && entry.value !== value))) {
      before = entry;
      entry = entry.next;
    }
    if (entry === undefined) return undefined;
    if (before === undefined) this.#buckets[index] = entry.next;
    else before.next = entry.next;
    const removed = entry.value;
    // An entry in the old generation would keep alive what it references, even after its removal.
    entry.next = undefined;
    entry.value = undefined;
    this.#size--;
    if (this.#buckets.length > KEPT_BUCKETS && this.#size < this.#buckets.length / 8)
      this.#resize(this.#buckets.length / 2);
    return removed;
  }

  /** A copy of all entries, in no particular order. */
  entries(): [key: K, value: V][] {
    const all: [K, V][] = [];
    for (const first of this.#buckets) {
      for (let entry = first; entry !== undefined; entry = entry.next)
        all.push([entry.key, entry.value as V]);
    }
    return all;
  }

  #append(entry: Entry<K, V>): void {
    const index = hashOf(entry.key) & (this.#buckets.length - 1);
    let last = this.#buckets[index];
    if (last === undefined) {
      this.#buckets[index] = entry;
      return;
    }
    while (last.next !== undefined) last = last.next;
    last.next = entry;
  }

  #resize(length: number): void {
    const before = this.#buckets;
    this.#buckets = new Array(length).fill(undefined);
    for (const first of before) {
      let entry = first;
      while (entry !== undefined) {
        const { next } = entry;
        entry.next = undefined;
        this.#append(entry);
        entry = next;
      }
    }
  }
}

/** Seeded per process, because peers choose the ids. Reads at most the last 48 characters, in which ids differ most. */
function hashOf(key: string | number): number {
  if (typeof key === 'number') return key;
  let hash = seed ^ key.length;
  for (let at = Math.max(0, key.length - 48); at < key.length; at++)
    hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return hash ^ (hash >>> 15);
}
