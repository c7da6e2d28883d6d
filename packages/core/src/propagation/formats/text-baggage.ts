import type { Baggage, BaggageEntry } from '@opentelemetry/api';

/**
 * Baggage as received: parsed lazily, and sent on as the same text. Immutable; a change returns baggage of the API's
 * own class.
 */
export class TextBaggage implements Baggage {
  /** The header's value, in normal form. */
  readonly text: string;
  readonly #read: (text: string) => Baggage;
  #entries: Baggage | undefined;

  constructor(text: string, read: (text: string) => Baggage) {
    this.text = text;
    this.#read = read;
  }

  getEntry(key: string): BaggageEntry | undefined {
    return this.#all().getEntry(key);
  }

  getAllEntries(): [string, BaggageEntry][] {
    return this.#all().getAllEntries();
  }

  setEntry(key: string, entry: BaggageEntry): Baggage {
    return this.#all().setEntry(key, entry);
  }

  removeEntry(key: string): Baggage {
    return this.#all().removeEntry(key);
  }

  removeEntries(...keys: string[]): Baggage {
    return this.#all().removeEntries(...keys);
  }

  clear(): Baggage {
    return this.#all().clear();
  }

  #all(): Baggage {
    this.#entries ??= this.#read(this.text);
    return this.#entries;
  }
}
