import { show } from '@clew/core/internal';

/** An object of a server's response. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Parses a response that must be an object; throws a TypeError or SyntaxError. */
export function parseObject(text: string): JsonObject {
  return objectIn('the response', JSON.parse(text));
}

/** The value if it is an object; throws a TypeError for anything else. */
export function objectIn(name: string, value: unknown): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) fail(name, 'an object', value);
  return value as JsonObject;
}

/** A field that is a list; absent and `null` are an empty one. Throws a TypeError for anything else. */
export function listIn(name: string, value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) fail(name, 'a list', value);
  return value;
}

/** A field that is a number within the bounds; absent and `null` are the default. Throws a TypeError for anything else. */
export function numberIn(
  name: string,
  value: unknown,
  max = Number.POSITIVE_INFINITY,
  defaultValue = 0,
): number {
  if (value === undefined || value === null) return defaultValue;
  if (typeof value !== 'number' || !(value >= 0 && value <= max)) {
    fail(name, max === Number.POSITIVE_INFINITY ? 'a number of at least 0' : `in [0, ${max}]`, value);
  }
  return value;
}

/** A field that is a text; throws a TypeError for anything else. */
export function textIn(name: string, value: unknown): string {
  if (typeof value !== 'string') fail(name, 'a text', value);
  return value;
}

function fail(name: string, expected: string, got: unknown): never {
  throw new TypeError(`expected ${name} to be ${expected}, got ${show(got)}`);
}
