import type { Buffer } from 'node:buffer';

/** Whether a signature was seen before; `full` if the memory is full, so that it could not be added. */
export type Remembered = 'new' | 'known' | 'full';

/**
 * Remembers the digests of valid signatures until the signatures expire. Digests are stored by the time in the signature,
 * in slices of the maximum age: a whole slice is dropped once all its signatures have expired.
 */
export class ReplayMemory {
  readonly #sliceMs: number;
  readonly #maxPerSlice: number;
  readonly #slices = new Map<number, DigestSet>();

  /** `maxAgeMs`: the maximum distance of a signature's time from now, in the past and in the future. */
  constructor(maxAgeMs: number, maxPerSecond: number) {
    this.#sliceMs = maxAgeMs;
    this.#maxPerSlice = Math.ceil((maxPerSecond * maxAgeMs) / 1000);
  }

  /** The current size of the memory in bytes. */
  get bytes(): number {
    let bytes = 0;
    for (const { byteLength } of this.#slices.values()) bytes += byteLength;
    return bytes;
  }

  /** Adds a digest of at least 8 bytes. `time` is the time in the signature. */
  add(digest: Buffer, time: number, now: number): Remembered {
    const index = Math.floor(time / this.#sliceMs);
    let slice = this.#slices.get(index);
    if (slice === undefined) {
      this.#dropBefore(Math.floor(now / this.#sliceMs) - 1);
      slice = new DigestSet();
      this.#slices.set(index, slice);
    }
    return slice.add(digest, this.#maxPerSlice);
  }

  /** A signature is valid for the length of one slice, so those of the previous slice may still be valid. */
  #dropBefore(oldest: number): void {
    for (const index of this.#slices.keys()) if (index < oldest) this.#slices.delete(index);
  }
}

const SHARDS = 64;
const FIRST_SLOTS = 16;

/**
 * Written for low memory: 64 bits of each digest in hash tables with open addressing take 11 to 21 bytes; the plain
 * form, a `Set` of strings, takes 200. Many small tables, so that growing one is fast.
 */
class DigestSet {
  readonly #shards: (Shard | undefined)[] = new Array(SHARDS).fill(undefined);
  #size = 0;

  get byteLength(): number {
    let bytes = 0;
    for (const shard of this.#shards) bytes += shard?.words.byteLength ?? 0;
    return bytes;
  }

  add(digest: Buffer, max: number): Remembered {
    const high = digest.readUInt32LE(0);
    const low = digest.readUInt32LE(4) || 1;
    const index = low % SHARDS;
    const shard = this.#shards[index] ?? new Shard();
    if (shard.has(high, low)) return 'known';
    if (this.#size >= max) return 'full';
    shard.add(high, low);
    this.#shards[index] = shard;
    this.#size++;
    return 'new';
  }
}

class Shard {
  /** Two words a slot; the second is zero in an empty one. */
  words = new Uint32Array(2 * FIRST_SLOTS);
  #size = 0;

  has(high: number, low: number): boolean {
    return this.words[slotOf(this.words, high, low) + 1] !== 0;
  }

  add(high: number, low: number): void {
    if (++this.#size > (this.words.length / 2) * 0.75) this.#grow();
    put(this.words, high, low);
  }

  #grow(): void {
    const grown = new Uint32Array(2 * this.words.length);
    for (let at = 0; at < this.words.length; at += 2) {
      const low = this.words[at + 1]!;
      if (low !== 0) put(grown, this.words[at]!, low);
    }
    this.words = grown;
  }
}

function put(words: Uint32Array, high: number, low: number): void {
  const at = slotOf(words, high, low);
  words[at] = high;
  words[at + 1] = low;
}

/** The slot of the digest, or the empty slot for it. A digest is random, so its bits serve as the hash. */
function slotOf(words: Uint32Array, high: number, low: number): number {
  const last = words.length - 2;
  let at = (2 * high) & last;
  while (words[at + 1] !== 0 && (words[at] !== high || words[at + 1] !== low)) at = (at + 2) & last;
  return at;
}
