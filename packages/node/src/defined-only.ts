type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Returns a copy of an object without the members that are `undefined`. */
export function definedOnly<T extends object>(object: T): Defined<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Defined<T>;
}
