// Written for speed: a field costs 4 ns an object. The plain form, a WeakMap, costs 250 ns, and several times that in
// garbage collections of an application under load (`npm run bench -- --only mysql2`). A symbol would show up where the
// application logs the object.
import { isObject } from './is-object.ts';

/** A value for each object of another library, hidden from keys, logs and `inspect`. It lives as long as the object. */
export interface PrivateField<Value> {
  /** The value of an object; `undefined` if no value was set, or for a primitive. */
  get(object: unknown): Value | undefined;
  /** Sets the value of an object. Does nothing for a primitive. */
  set(object: unknown, value: Value): void;
  /**
   * Sets the value of an object that most probably has none yet: faster than {@link set} for such an object, but takes
   * several microseconds for one that has a value.
   */
  add(object: unknown, value: Value): void;
}

/** A base class whose constructor returns its argument, so that a derived class adds its private field to that object. */
class ReturnsArgument {
  constructor(object: object) {
    // biome-ignore lint/correctness/noConstructorReturn: the derived class adds its private field to this object.
    return object;
  }
}

/** Creates a new field, which is independent of all other fields of the same object. */
export function privateField<Value>(): PrivateField<Value> {
  /** Values of objects that can't have a private field: in newer engines, those that are not extensible. */
  const others = new WeakMap<object, Value>();
  /** The value of the field that is being added: an initializer costs half of a definition and an assignment. */
  let added: Value | undefined;

  class Field extends ReturnsArgument {
    #value = added as Value;

    static get(object: unknown): Value | undefined {
      if (!isObject(object)) return undefined;
      return #value in object ? object.#value : others.get(object);
    }

    static set(object: unknown, value: Value): void {
      if (isObject(object) && #value in object) object.#value = value;
      else Field.add(object, value);
    }

    /** Tries, because `#value in object` and `Object.isExtensible` are slow for an object without the field. */
    static add(object: unknown, value: Value): void {
      if (!isObject(object)) return;
      added = value;
      try {
        new Field(object);
      } catch {
        if (#value in object) object.#value = value;
        else others.set(object, value);
      }
      added = undefined;
    }
  }

  return Field;
}
