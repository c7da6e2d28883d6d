/** Invalid usage of the command: prints one line, and exits with status 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Parses an option's number. Throws UsageError. */
export function numberIn(option: string, text: string, min: number, max: number, integer = true): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (value >= min && value <= max && (!integer || Number.isInteger(value))) return value;
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `in [${min}, ${max}]`;
  throw new UsageError(
    `expected ${integer ? 'a whole number' : 'a number'} ${range} in ${option}, got "${text}"`,
  );
}
