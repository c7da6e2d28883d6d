/** A function of any shape, whose arguments are only passed through. */
export type AnyFunction = (this: never, ...args: never[]) => unknown;

/** The instrumentations that replaced a function, as a property of the replacement. Shared by all copies of this package. */
const WRAPPED_BY = Symbol.for('clew.wrapped-by');

/** The original of each replacement. */
const originals = new WeakMap<object, object>();

/** Copies name, length, prototype and own properties of the original function to its replacement, which it returns. */
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

/** An arrow function has no prototype; the one added must not appear in a `for … in`. */
function givePrototype(replacement: object, prototype: object): void {
  if (Object.hasOwn(replacement, 'prototype')) Reflect.set(replacement, 'prototype', prototype);
  else Object.defineProperty(replacement, 'prototype', { value: prototype, writable: true });
}

function isOwnPrototype(fn: AnyFunction): fn is AnyFunction & { prototype: object } {
  return Object.hasOwn(fn, 'prototype');
}

/**
 * Replaces `object[name]` with the result of `make(original)`, and returns a function that undoes it.
 * Returns `undefined` and changes nothing if there is no function, or if this owner has already replaced it.
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
    // Another wrapper was added later: removing this replacement would remove that wrapper too.
    if (Reflect.get(object, name) !== replacement) return;
    if (own === undefined) Reflect.deleteProperty(object, name);
    else if (isWritable(own)) Reflect.set(object, name, original);
    else Object.defineProperty(object, name, own);
  };
}

/**
 * Updates the named exports of an ES module to those of the CommonJS module that it wraps: replacements, or originals
 * after `disable()`. Only namespaces created by import hooks are writable; others stay unchanged.
 */
export function followReplacements(namespace: object, own: unknown): void {
  if ((typeof own !== 'object' && typeof own !== 'function') || own === null) return;
  for (const name of Object.keys(namespace)) {
    // A getter is not called: it may load a module.
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
