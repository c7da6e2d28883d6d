/** Throws a `TypeError` unless `fits`: `@clew/tracer: expected <name> <expected>, got <value>`. */
export function expectOption(fits: boolean, name: string, expected: string, got: unknown): asserts fits {
  if (!fits) throw new TypeError(`@clew/tracer: expected ${name} ${expected}, got ${quote(got)}`);
}

/** Returns the value, or the default for `undefined`; throws unless it is an integer within the bounds. */
export function integerOption(
  value: number | undefined,
  name: string,
  [min, max]: readonly [number, number],
  defaultValue: number,
): number {
  if (value === undefined) return defaultValue;
  expectOption(Number.isInteger(value) && value >= min && value <= max, name, `in [${min}, ${max}]`, value);
  return value;
}

/** Throws unless the value is an object with these methods. */
export function expectMethods(value: unknown, name: string, methods: readonly string[]): void {
  const fits =
    typeof value === 'object' &&
    value !== null &&
    methods.every((method) => typeof (value as Record<string, unknown>)[method] === 'function');
  expectOption(fits, name, `to have ${methods.join('() and ')}()`, value);
}

function quote(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 100));
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}
