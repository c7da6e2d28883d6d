import {
  type Baggage,
  type BaggageEntry,
  propagation,
  type TextMapGetter,
  type TextMapSetter,
} from '@opentelemetry/api';
import { countDropped } from '../dropped.ts';
import { single } from '../format.ts';

/** As much as W3C Baggage allows: what is beyond it neither comes in nor goes out. */
const MAX_ENTRIES = 64;
const MAX_CHARS = 8192;

/** A token of RFC 9110, in the longest name that servers take. */
const KEY = /^[\w!#$%&'*+\-.^`|~]{1,256}$/;

/** Gathers entries of baggage up to the limits. */
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

  /** Adds an entry, its value percent-encoded; `false` when there is no room for more. */
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

/** Writes baggage as one header an entry; a key that no header can have stays behind. */
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
 * The value of an entry as text; `undefined` where it has none. Applications in JavaScript give numbers as well. A lone
 * surrogate becomes U+FFFD.
 */
export function valueTextOf(entry: BaggageEntry | null | undefined): string | undefined {
  const value: unknown = entry?.value;
  if (typeof value === 'string') return value.toWellFormed();
  const isPlain = typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint';
  return isPlain ? String(value) : undefined;
}

/** The text that was percent-encoded; as it stands when it was not. */
export function decoded(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
