/** A function of any shape; parameters are only ever handed on. */
export type AnyFunction = (this: never, ...args: never[]) => unknown;

/** Marks a replacement with the instrumentations that stand in it; shared by all copies of this package. */
const WRAPPED_BY = Symbol.for('clew.wrapped-by');

/** Gives a replacement the name, the length and the own properties of the function that it stands for. */
export function dress<F extends AnyFunction>(replacement: F, original: AnyFunction): F {
  for (const key of Reflect.ownKeys(original)) {
    if (key === 'prototype' && isOwnPrototype(original)) continue;
    const own = Object.getOwnPropertyDescriptor(replacement, key);
    const wanted = Object.getOwnPropertyDescriptor(original, key);
    if (wanted && (own === undefined || own.configurable)) Object.defineProperty(replacement, key, wanted);
  }
  if (isOwnPrototype(original)) (replacement as { prototype?: unknown }).prototype = original.prototype;
  const proto = Object.getPrototypeOf(original);
  if (proto !== Function.prototype && proto !== Object.getPrototypeOf(replacement)) {
    Object.setPrototypeOf(replacement, proto);
  }
  return replacement;
}

function isOwnPrototype(fn: AnyFunction): fn is AnyFunction & { prototype: object } {
  return Object.hasOwn(fn, 'prototype');
}

/**
 * Replaces `object[name]` by what `make` returns for the original, and returns how to undo it.
 * A missing function, or one that this owner has replaced already, is left alone and gives `undefined`.
 */
export function replace(
  object: object,
  name: PropertyKey,
  owner: string,
  make: (original: AnyFunction) => AnyFunction,
): (() => void) | undefined {
  const original: unknown = Reflect.get(object, name);
  if (typeof original !== 'function' || ownersOf(original).includes(owner)) return undefined;
  const inherited = !Object.hasOwn(object, name);
  const replacement = dress(make(original as AnyFunction), original as AnyFunction);
  const owners = [...ownersOf(original), owner];
  Object.defineProperty(replacement, WRAPPED_BY, { value: owners, configurable: true });
  put(object, name, replacement);
  return () => {
    // Somebody wrapped after us: our replacement stays underneath, since taking it out would take theirs out too.
    if (Reflect.get(object, name) !== replacement) return;
    if (inherited) Reflect.deleteProperty(object, name);
    else put(object, name, original);
  };
}

function ownersOf(fn: object): readonly string[] {
  return (Reflect.get(fn, WRAPPED_BY) as readonly string[] | undefined) ?? [];
}

function put(object: object, name: PropertyKey, value: unknown): void {
  const own = Object.getOwnPropertyDescriptor(object, name);
  if (own && 'value' in own && own.writable) Reflect.set(object, name, value);
  else
    Object.defineProperty(object, name, {
      value,
      writable: true,
      configurable: true,
      enumerable: own?.enumerable ?? true,
    });
}
