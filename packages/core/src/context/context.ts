import { type Context, createContextKey } from '@opentelemetry/api';

/** The key under which the OpenTelemetry API keeps the span of a context. */
const SPAN_KEY = createContextKey('OpenTelemetry Context Key SPAN');

/** A longer chain is rebuilt without its shadowed keys, so that no chain grows without bound. */
const MAX_DEPTH = 24;

/**
 * An immutable context: a chain of key-value pairs with a separate slot for the span.
 * Setting a span copies four fields; setting a value adds one link.
 */
class ChainedContext implements Context {
  readonly #parent: ChainedContext | undefined;
  readonly #key: symbol | undefined;
  readonly #value: unknown;
  readonly #span: unknown;
  readonly #depth: number;

  constructor(parent: ChainedContext | undefined, key: symbol | undefined, value: unknown, span: unknown) {
    this.#parent = parent;
    this.#key = key;
    this.#value = value;
    this.#span = span;
    this.#depth = parent === undefined ? 0 : parent.#depth + 1;
  }

  getValue(key: symbol): unknown {
    if (key === SPAN_KEY) return this.#span;
    let link: ChainedContext | undefined = this;
    while (link !== undefined) {
      if (link.#key === key) return link.#value;
      link = link.#parent;
    }
    return undefined;
  }

  setValue(key: symbol, value: unknown): Context {
    if (key === SPAN_KEY) return new ChainedContext(this.#parent, this.#key, this.#value, value);
    const parent = this.#depth < MAX_DEPTH ? this : this.#compact();
    return new ChainedContext(parent, key, value, this.#span);
  }

  deleteValue(key: symbol): Context {
    return this.setValue(key, undefined);
  }

  #compact(): ChainedContext {
    const newest = new Map<symbol, unknown>();
    let link: ChainedContext | undefined = this;
    while (link !== undefined) {
      if (link.#key !== undefined && !newest.has(link.#key)) newest.set(link.#key, link.#value);
      link = link.#parent;
    }
    let compact = new ChainedContext(undefined, undefined, undefined, this.#span);
    for (const [key, value] of newest) {
      if (value !== undefined) compact = new ChainedContext(compact, key, value, this.#span);
    }
    return compact;
  }
}

/** The context with no span and no values. */
export const rootContext: Context = new ChainedContext(undefined, undefined, undefined, undefined);

/** The value if it is a context, else `base`: JavaScript applications pass any value to `context.with`. */
export function contextOr(value: Context, base: Context): Context {
  return typeof (value as Context | null | undefined)?.getValue === 'function' ? value : base;
}
