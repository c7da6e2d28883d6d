interface Entry<K, V> {
  readonly key: K;
  value: V | undefined;
  next: Entry<K, V> | undefined;
}

const FIRST_BUCKETS = 16;
/** Up to here none are given back: what comes and goes in bursts would make them anew each time. */
const KEPT_BUCKETS = 512;
const seed = (Math.random() * 2 ** 32) | 0;

/**
 * A map whose entries come and go all the time, a few at once; of one key there may be several. Not a `Map`: that
 * makes itself anew with every few entries that come and go, and what it was holds on, for the collector of young
 * objects, to all that it becomes. Measured, it is most of the garbage of a call.
 */
export class ChurningMap<K extends string | number, V> {
  #buckets: (Entry<K, V> | undefined)[] = new Array(FIRST_BUCKETS).fill(undefined);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds an entry behind those of the same key. */
  add(key: K, value: V): void {
    if (this.#size >= this.#buckets.length) this.#resize(this.#buckets.length * 2);
    this.#size++;
    this.#append({ key, value, next: undefined });
  }

  /** The first value of a key, or the first that fits. */
  find(key: K, fits?: (value: V) => boolean): V | undefined {
    let entry = this.#buckets[hashOf(key) & (this.#buckets.length - 1)];
    while (entry !== undefined) {
      if (entry.key === key && (fits === undefined || fits(entry.value as V))) return entry.value;
      entry = entry.next;
    }
    return undefined;
  }

  /** Takes out the entry of a key and a value, if it is there. */
  delete(key: K, value: V): boolean {
    return this.#remove(key, value) !== undefined;
  }

  /** Takes out the first entry of a key. */
  take(key: K): V | undefined {
    return this.#remove(key, undefined);
  }

  /** `value`: any, where it is `undefined`. */
  #remove(key: K, value: V | undefined): V | undefined {
    const place = hashOf(key) & (this.#buckets.length - 1);
    let before: Entry<K, V> | undefined;
    let entry = this.#buckets[place];
    while (entry !== undefined && (entry.key !== key || (value !== undefined && entry.value !== value))) {
      before = entry;
      entry = entry.next;
    }
    if (entry === undefined) return undefined;
    if (before === undefined) this.#buckets[place] = entry.next;
    else before.next = entry.next;
    const removed = entry.value;
    // What has grown old keeps alive what it points to, also when it is gone itself.
    entry.next = undefined;
    entry.value = undefined;
    this.#size--;
    if (this.#buckets.length > KEPT_BUCKETS && this.#size < this.#buckets.length / 8)
      this.#resize(this.#buckets.length / 2);
    return removed;
  }

  /** A copy of all entries, in no order. */
  entries(): [key: K, value: V][] {
    const all: [K, V][] = [];
    for (const first of this.#buckets) {
      for (let entry = first; entry !== undefined; entry = entry.next)
        all.push([entry.key, entry.value as V]);
    }
    return all;
  }

  #append(entry: Entry<K, V>): void {
    const place = hashOf(entry.key) & (this.#buckets.length - 1);
    let last = this.#buckets[place];
    if (last === undefined) {
      this.#buckets[place] = entry;
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

/** Other in each process: ids come from peers. The ends of ids differ most; a long one is not read whole. */
function hashOf(key: string | number): number {
  if (typeof key === 'number') return key;
  let hash = seed ^ key.length;
  for (let at = Math.max(0, key.length - 48); at < key.length; at++)
    hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return hash ^ (hash >>> 15);
}
