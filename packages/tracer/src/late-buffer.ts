// Written for speed (benchmarks/tracer-late.mjs): blocks of a fixed size that are reused, so that a buffered span allocates
// nothing. The plain form copies each span into a buffer of its own.
import { Buffer } from 'node:buffer';

/** A trace needs at least one block as soon as one of its spans has ended. */
export const BLOCK_BYTES = 1024;
const BLOCKS_PER_SEGMENT = 256;
const SEGMENT_BYTES = BLOCK_BYTES * BLOCKS_PER_SEGMENT;
const NONE = -1;

/** The encoded spans of one trace: a chain of blocks. */
export class Chain {
  first = NONE;
  last = NONE;
  bytes = 0;
  blocks = 0;
}

/** Memory for the encoded spans of many traces, allocated in segments as it is needed, up to a limit. */
export class LateBuffer {
  readonly #maxBlocks: number;
  readonly #segments: Buffer[] = [];
  /** The block that follows each block, in a chain or in the list of free blocks. */
  readonly #next: Int32Array;
  #firstFree = NONE;
  #allocated = 0;
  #used = 0;

  /** @param maxBytes at least {@link BLOCK_BYTES} */
  constructor(maxBytes: number) {
    this.#maxBlocks = Math.floor(maxBytes / BLOCK_BYTES);
    this.#next = new Int32Array(this.#maxBlocks);
  }

  /** Bytes of the blocks in use. */
  get bytes(): number {
    return this.#used * BLOCK_BYTES;
  }

  get maxBlocks(): number {
    return this.#maxBlocks;
  }

  /** How many blocks are free, allocated or not. */
  get freeBlocks(): number {
    return this.#maxBlocks - this.#used;
  }

  /** How many more blocks the chain needs for so many bytes. */
  blocksFor(chain: Chain, length: number): number {
    return Math.ceil((chain.bytes + length) / BLOCK_BYTES) - chain.blocks;
  }

  /** Appends the first `length` bytes of `source`. The caller has checked that there are enough free blocks. */
  append(chain: Chain, source: Buffer, length: number): void {
    let from = 0;
    while (from < length) {
      const used = chain.bytes - (chain.blocks - 1) * BLOCK_BYTES;
      if (chain.blocks === 0 || used === BLOCK_BYTES) {
        this.#extend(chain);
        continue;
      }
      const count = Math.min(length - from, BLOCK_BYTES - used);
      const at = this.#offset(chain.last) + used;
      source.copy(this.#segment(chain.last), at, from, from + count);
      chain.bytes += count;
      from += count;
    }
  }

  /** Copies the content of a chain into one new buffer. */
  contentOf(chain: Chain): Buffer {
    const content = Buffer.allocUnsafe(chain.bytes);
    let block = chain.first;
    for (let to = 0; to < chain.bytes; to += BLOCK_BYTES) {
      const from = this.#offset(block);
      const count = Math.min(BLOCK_BYTES, chain.bytes - to);
      this.#segment(block).copy(content, to, from, from + count);
      block = this.#next[block]!;
    }
    return content;
  }

  /** Makes the blocks of a chain available to others. */
  free(chain: Chain): void {
    if (chain.first === NONE) return;
    this.#next[chain.last] = this.#firstFree;
    this.#firstFree = chain.first;
    this.#used -= chain.blocks;
    chain.first = NONE;
    chain.last = NONE;
    chain.bytes = 0;
    chain.blocks = 0;
  }

  #extend(chain: Chain): void {
    const block = this.#take();
    if (chain.first === NONE) chain.first = block;
    else this.#next[chain.last] = block;
    chain.last = block;
    chain.blocks++;
  }

  #take(): number {
    this.#used++;
    const free = this.#firstFree;
    if (free !== NONE) {
      this.#firstFree = this.#next[free]!;
      return free;
    }
    const block = this.#allocated++;
    if (block % BLOCKS_PER_SEGMENT === 0) {
      const left = (this.#maxBlocks - block) * BLOCK_BYTES;
      this.#segments.push(Buffer.allocUnsafeSlow(Math.min(SEGMENT_BYTES, left)));
    }
    return block;
  }

  #segment(block: number): Buffer {
    return this.#segments[Math.floor(block / BLOCKS_PER_SEGMENT)]!;
  }

  #offset(block: number): number {
    return (block % BLOCKS_PER_SEGMENT) * BLOCK_BYTES;
  }
}
