import { isHexId, randomHex } from './ids.ts';
import type { Counters } from './stats.ts';

/** Falls back to a random id if the application's generator throws or returns an invalid id. */
export function checkedIds(counters: Counters, digits: 16 | 32, generate: () => string): () => string {
  return () => {
    let got: unknown;
    try {
      got = generate();
    } catch (error) {
      got = error;
    }
    if (isHexId(got, digits)) return got;
    counters.warn(
      'idGenerator',
      () => `expected ${digits} hexadecimal digits from idGenerator, got ${String(got)}`,
    );
    return randomHex(digits);
  };
}
