const MAX_KNOWN = 1000;

/** A function of a key that remembers its last thousand or fewer results, and finds the last one soonest. */
export function remembered<Key, Value>(make: (key: Key) => Value): (key: Key) => Value {
  const known = new Map<Key, Value>();
  let last: { readonly key: Key; readonly value: Value } | undefined;
  return (key) => {
    // A text from the wire is new each time: to compare it is cheaper than to look it up.
    if (last !== undefined && last.key === key) return last.value;
    let value = known.get(key);
    if (value === undefined) {
      if (known.size >= MAX_KNOWN) known.clear();
      value = make(key);
      known.set(key, value);
    }
    last = { key, value };
    return value;
  };
}
