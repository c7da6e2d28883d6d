/** The first place from `from` where a part is found that ends at `end` at the latest; -1 without one. */
export type Find = (text: string, from: number, end: number) => number;

const BITS = 32;

/**
 * Searches for a text in which `?` stands for any UTF-16 code unit, without comparing a code unit twice: bit `i` of the
 * state is set while the last `i + 1` code units match the start of the part (Shift-And).
 *
 * @see https://en.wikipedia.org/wiki/Bitap_algorithm
 */
export function findWildcards(part: string): Find {
  const words = Math.ceil(part.length / BITS);
  const others = maskOf(part, words, '?');
  const masks = new Map<number, Uint32Array>();
  for (const unit of part.split('')) masks.set(unit.charCodeAt(0), maskOf(part, words, unit));
  // A question mark in the text is a code unit like any other.
  masks.set('?'.charCodeAt(0), others);
  const state = new Uint32Array(words);
  const found = 1 << ((part.length - 1) % BITS);
  return (text, from, end) => {
    state.fill(0);
    for (let at = from; at < end; at++) {
      const mask = masks.get(text.charCodeAt(at)) ?? others;
      let carry = 1;
      for (let i = 0; i < words; i++) {
        const word = state[i]!;
        state[i] = ((word << 1) | carry) & mask[i]!;
        carry = word >>> (BITS - 1);
      }
      if ((state[words - 1]! & found) !== 0) return at + 1 - part.length;
    }
    return -1;
  };
}

/** A bit for each place of the part that a code unit matches. */
function maskOf(part: string, words: number, unit: string): Uint32Array {
  const mask = new Uint32Array(words);
  for (let i = 0; i < part.length; i++) {
    if (part[i] !== unit && part[i] !== '?') continue;
    const word = Math.floor(i / BITS);
    mask[word] = mask[word]! | (1 << (i % BITS));
  }
  return mask;
}
