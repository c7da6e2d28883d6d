/**
 * Throws a TypeError unless the value of an option fits: `OWNER: expected EXPECTED, got VALUE`, such as
 * `@clew/core: expected signature.once true | false, got 1`.
 *
 * @param expected the option's name and what it must be
 */
export function expectFit(owner: string, fits: boolean, expected: string, got: unknown): asserts fits {
  if (!fits) throw new TypeError(`${owner}: expected ${expected}, got ${show(got)}`);
}

/** A value as quoted in an error message, at most 80 characters long. */
export function show(value: unknown): string {
  const text =
    typeof value === 'string'
      ? JSON.stringify(value)
      : typeof value === 'function'
        ? 'a function'
        : safeString(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

function safeString(value: unknown): string {
  try {
    return typeof value === 'object' && value !== null
      ? (JSON.stringify(value) ?? 'an object')
      : String(value);
  } catch {
    return 'an object';
  }
}
