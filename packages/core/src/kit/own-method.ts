import { type AnyFunction, dress } from './wrap.ts';

type Method = (...args: unknown[]) => unknown;

/**
 * Gives an object a method of its own in place of the inherited one: generators share a prototype, which can't be
 * patched for one of them. `make` receives the original, bound to the object. Returns false if there is no such method or
 * if the object is frozen.
 */
export function ownMethod(object: object, name: PropertyKey, make: (original: Method) => Method): boolean {
  const original: unknown = Reflect.get(object, name);
  if (typeof original !== 'function') return false;
  const value = dress(make(original.bind(object) as Method) as AnyFunction, original as AnyFunction);
  const enumerable = Object.getOwnPropertyDescriptor(object, name)?.enumerable ?? false;
  return Reflect.defineProperty(object, name, { value, writable: true, configurable: true, enumerable });
}
