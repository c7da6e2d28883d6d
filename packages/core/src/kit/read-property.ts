/** Reads a property; `undefined` if that throws, as getters and proxies of the application may. */
export function readProperty(object: object, key: string): unknown {
  try {
    return (object as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}
