/** The command was called wrongly: one line is printed, and the exit status is 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The number in an option's text. Throws UsageError. */
export function numberIn(option: string, text: string, min: number, max: number, integer = true): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (value >= min && value <= max && (!integer || Number.isInteger(value))) return value;
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `in [${min}, ${max}]`;
  throw new UsageError(
    `expected ${integer ? 'a whole number' : 'a number'} ${range} in ${option}, got "${text}"`,
  );
}
