import {
  type Baggage,
  type BaggageEntry,
  propagation,
  type TextMapGetter,
  type TextMapSetter,
} from '@opentelemetry/api';
import { countDropped } from '../dropped.ts';
import { single } from '../format.ts';

/** The limits of W3C Baggage; entries beyond them are neither read nor written. */
const MAX_ENTRIES = 64;
const MAX_CHARS = 8192;

/** A token of RFC 9110, at most as long as the names that servers accept. */
const KEY = /^[\w!#$%&'*+\-.^`|~]{1,256}$/;

/** Collects entries of baggage up to the limits. */
export class BaggageCollector {
  readonly #format: string;
  // An object without a prototype: `__proto__` is a key like any other.
  readonly #entries: Record<string, BaggageEntry> = Object.create(null);
  #count = 0;
  #chars = 0;
  #isFull = false;

  constructor(format: string) {
    this.#format = format;
  }

  /** Adds an entry with a percent-encoded value; returns `false` once a limit is reached. */
  add(key: string, encoded: string): boolean {
    if (this.#isFull) return false;
    this.#chars += key.length + encoded.length;
    if (this.#count === MAX_ENTRIES || this.#chars > MAX_CHARS) {
      this.#isFull = true;
      countDropped(this.#format, 'baggage beyond 64 entries or 8192 bytes');
      return false;
    }
    this.#count++;
    this.#entries[key] = { value: decoded(encoded) };
    return true;
  }

  get baggage(): Baggage | undefined {
    return this.#count === 0 ? undefined : propagation.createBaggage(this.#entries);
  }
}

/** Reads the headers that begin with `prefix`, in lower case, into baggage. */
export function collectBaggageHeaders<C>(
  into: BaggageCollector,
  prefix: string,
  carrier: C,
  getter: TextMapGetter<C>,
): void {
  for (const name of getter.keys(carrier)) {
    if (name.length <= prefix.length || name.slice(0, prefix.length).toLowerCase() !== prefix) continue;
    const value = single(getter.get(carrier, name));
    if (value !== undefined && !into.add(name.slice(prefix.length), value)) return;
  }
}

/** Writes one header for each entry of baggage; skips keys that are not valid in a header's name. */
export function writeBaggageHeaders<C>(
  baggage: Baggage | undefined,
  prefix: string,
  carrier: C,
  setter: TextMapSetter<C>,
): void {
  if (baggage === undefined) return;
  let chars = 0;
  for (const [key, entry] of baggage.getAllEntries().slice(0, MAX_ENTRIES)) {
    const value = valueTextOf(entry);
    if (value === undefined || !KEY.test(key)) continue;
    const encoded = encodeURIComponent(value);
    chars += key.length + encoded.length;
    if (chars > MAX_CHARS) return;
    setter.set(carrier, prefix + key, encoded);
  }
}

/**
 * The value of an entry as text; `undefined` if it has none. JavaScript applications may set numbers or booleans. A
 * lone surrogate becomes U+FFFD.
 */
export function valueTextOf(entry: BaggageEntry | null | undefined): string | undefined {
  const value: unknown = entry?.value;
  if (typeof value === 'string') return value.toWellFormed();
  const isPlain = typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint';
  return isPlain ? String(value) : undefined;
}

/** Decodes a percent-encoded text; returns the text unchanged if it is malformed. */
export function decoded(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
