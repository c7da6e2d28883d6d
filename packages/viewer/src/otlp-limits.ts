/** A body that is not OTLP: truncated, malformed, too deep or too rich. Its message is fit for the sender. */
export class OtlpError extends Error {
  override readonly name = 'OtlpError';
}

/** What was read of one export request: the spans that are valid, and how many were not. */
export interface Decoded<Span> {
  readonly spans: Span[];
  readonly rejected: number;
}

/** Deeper values are refused: nobody sends them, and recursion must end. */
export const MAX_VALUE_DEPTH = 64;

/**
 * Bounds what a small body may unfold to: an empty attribute, event or list item takes two bytes on the
 * wire and a hundred in memory.
 */
export class Budget {
  #left: number;

  constructor(elements = 2_000_000) {
    this.#left = elements;
  }

  spend(): void {
    if (--this.#left < 0) throw new OtlpError('too many attributes, events and links in one request');
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
