/** A body that is not OTLP: truncated, malformed, too deep or too rich. Its message is fit for the sender. */
export class OtlpError extends Error {
  override readonly name = 'OtlpError';
}

/** Deeper values are refused: nobody sends them, and recursion must end. */
export const MAX_VALUE_DEPTH = 64;

/**
 * Bounds what a small body may unfold to: an empty attribute, event or list item takes two bytes on the
 * wire and a hundred in memory.
 */
export class Budget {
  #left: number;
  #leftInSpan: number;
  readonly #aSpan: number;

  /** `elements` in one request, and `aSpan` of them in one span: spans are kept in parts, but each as a whole. */
  constructor(elements = 2_000_000, aSpan = 100_000) {
    this.#left = elements;
    this.#leftInSpan = aSpan;
    this.#aSpan = aSpan;
  }

  nextSpan(): void {
    this.#leftInSpan = this.#aSpan;
    this.spend();
  }

  spend(): void {
    if (--this.#left < 0 || --this.#leftInSpan < 0)
      throw new OtlpError('too many attributes, events and links in one request');
  }
}

/** Sets one attribute; a key named `__proto__` is a key like any other. */
export function setAttribute<V>(attributes: { [key: string]: V }, key: string, value: V): void {
  if (key !== '__proto__') attributes[key] = value;
  else
    Object.defineProperty(attributes, key, { value, enumerable: true, configurable: true, writable: true });
}

/** An id is all of its digits, and not all of them are 0. */
export function isId(hex: string, digits: 16 | 32): boolean {
  return hex.length === digits && !/^0+$/.test(hex);
}
