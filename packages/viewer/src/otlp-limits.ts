/** Thrown for a body that is not valid OTLP or exceeds a limit. The message is included in the response. */
export class OtlpError extends Error {
  override readonly name = 'OtlpError';
}

/** Limits recursion; no exporter nests values this deep. */
export const MAX_VALUE_DEPTH = 64;

/**
 * Limits what a small body may expand to: an empty attribute, event or list item has two bytes in the
 * encoding and about a hundred in memory.
 */
export class Budget {
  #left: number;
  #leftInSpan: number;
  readonly #spanElements: number;

  /**
   * @param elements the limit for one request
   * @param spanElements the limit for one span, which is stored as a whole
   */
  constructor(elements = 2_000_000, spanElements = 100_000) {
    this.#left = elements;
    this.#leftInSpan = spanElements;
    this.#spanElements = spanElements;
  }

  nextSpan(): void {
    this.#leftInSpan = this.#spanElements;
    this.spend();
  }

  spend(): void {
    if (--this.#left < 0 || --this.#leftInSpan < 0)
      throw new OtlpError('too many attributes, events and links in one request');
  }
}

/** Sets an attribute; handles the key `__proto__` like any other. */
export function setAttribute<V>(attributes: { [key: string]: V }, key: string, value: V): void {
  if (key !== '__proto__') attributes[key] = value;
  else
    Object.defineProperty(attributes, key, { value, enumerable: true, configurable: true, writable: true });
}

/** Whether an id has the right length and is not all zeros. */
export function isId(hex: string, digits: 16 | 32): boolean {
  return hex.length === digits && !/^0+$/.test(hex);
}

/** The default maximum of a request's body in bytes. */
export const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** The maximum in bytes of a body in JSON: it is parsed in one step, in which the receiver cannot serve others. */
export function maxJsonBytes(maxBodyBytes = MAX_BODY_BYTES): number {
  return maxBodyBytes / 4;
}
