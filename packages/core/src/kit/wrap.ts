/** A function of any shape; parameters are only ever handed on. */
export type AnyFunction = (this: never, ...args: never[]) => unknown;

/** Marks a replacement with the instrumentations that stand in it; shared by all copies of this package. */
const WRAPPED_BY = Symbol.for('clew.wrapped-by');

/** What each replacement stands for. */
const originals = new WeakMap<object, object>();

/** Gives a replacement the name, the length and the own properties of the function that it stands for. */
export function dress<F extends AnyFunction>(replacement: F, original: AnyFunction): F {
  for (const key of Reflect.ownKeys(original)) {
    if (key === 'prototype' && isOwnPrototype(original)) continue;
    const own = Object.getOwnPropertyDescriptor(replacement, key);
    const wanted = Object.getOwnPropertyDescriptor(original, key);
    if (wanted && (own === undefined || own.configurable)) Object.defineProperty(replacement, key, wanted);
  }
  if (isOwnPrototype(original)) givePrototype(replacement, original.prototype);
  const proto = Object.getPrototypeOf(original);
  if (proto !== Function.prototype && proto !== Object.getPrototypeOf(replacement)) {
    Object.setPrototypeOf(replacement, proto);
  }
  return replacement;
}

/** An arrow function has none; one that is given must not show up in a `for … in`. */
function givePrototype(replacement: object, prototype: object): void {
  if (Object.hasOwn(replacement, 'prototype')) Reflect.set(replacement, 'prototype', prototype);
  else Object.defineProperty(replacement, 'prototype', { value: prototype, writable: true });
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
  const own = Object.getOwnPropertyDescriptor(object, name);
  const replacement = dress(make(original as AnyFunction), original as AnyFunction);
  const owners = [...ownersOf(original), owner];
  Object.defineProperty(replacement, WRAPPED_BY, { value: owners, configurable: true });
  originals.set(replacement, original);
  put(object, name, replacement, own);
  return () => {
    // Somebody wrapped after us: our replacement stays underneath, since taking it out would take theirs out too.
    if (Reflect.get(object, name) !== replacement) return;
    if (own === undefined) Reflect.deleteProperty(object, name);
    else if (isWritable(own)) Reflect.set(object, name, original);
    else Object.defineProperty(object, name, own);
  };
}

/**
 * Gives an ES module's named exports the replacements that stand in the CommonJS module it is made of, or the originals
 * that are back there. Only the namespaces that import hooks make can be written to; others stay as they are.
 */
export function followReplacements(namespace: object, own: unknown): void {
  if ((typeof own !== 'object' && typeof own !== 'function') || own === null) return;
  for (const name of Object.keys(namespace)) {
    // A getter may load what nobody asked for.
    const wanted: unknown = Object.getOwnPropertyDescriptor(own, name)?.value;
    const exported: unknown = Reflect.get(namespace, name);
    if (wanted !== exported && originalOf(wanted) === originalOf(exported))
      Reflect.set(namespace, name, wanted);
  }
}

function originalOf(value: unknown): unknown {
  const original = typeof value === 'function' ? originals.get(value) : undefined;
  return original === undefined ? value : originalOf(original);
}

function ownersOf(fn: object): readonly string[] {
  return (Reflect.get(fn, WRAPPED_BY) as readonly string[] | undefined) ?? [];
}

function put(object: object, name: PropertyKey, value: unknown, own: PropertyDescriptor | undefined): void {
  if (own !== undefined && isWritable(own)) {
    Reflect.set(object, name, value);
    return;
  }
  const enumerable = (own ?? inherited(object, name))?.enumerable ?? true;
  Object.defineProperty(object, name, { value, writable: true, configurable: true, enumerable });
}

function isWritable(own: PropertyDescriptor): boolean {
  return 'value' in own && own.writable === true;
}

function inherited(object: object, name: PropertyKey): PropertyDescriptor | undefined {
  for (let at = Object.getPrototypeOf(object); at !== null; at = Object.getPrototypeOf(at)) {
    const found = Object.getOwnPropertyDescriptor(at, name);
    if (found !== undefined) return found;
  }
  return undefined;
}
