import { expectFit } from '@clew/core/internal';

/** Throws a `TypeError` unless `fits`: `@clew/tracer: expected <name> <expected>, got <value>`. */
export function expectOption(fits: boolean, name: string, expected: string, got: unknown): asserts fits {
  expectFit('@clew/tracer', fits, `${name} ${expected}`, got);
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
