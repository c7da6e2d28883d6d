const MAX_KNOWN = 1000;

/** Returns `make` with a cache of up to 1,000 results, which is cleared when it is full. The last result is found fastest. */
export function remembered<Key, Value>(make: (key: Key) => Value): (key: Key) => Value {
  const known = new Map<Key, Value>();
  let last: { readonly key: Key; readonly value: Value } | undefined;
  return (key) => {
    // Text from the wire is a new string each time: comparing it is cheaper than hashing it for a look-up.
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
