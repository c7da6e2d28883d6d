import { LIMITS } from '../limits.ts';
import type { Problems } from '../policy-error.ts';

/** Reads the value at a place of a document: returns it in the form of a `Policy`, or adds a problem and returns `undefined`. */
export type Read = (value: unknown, place: string, problems: Problems) => unknown;

export type Fields = Readonly<Record<string, Read>>;

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads an object with these fields. A field whose value is `undefined` counts as missing, any other is a problem. */
export function readObject(
  value: unknown,
  place: string,
  problems: Problems,
  fields: Fields,
): Record<string, unknown> | undefined {
  if (!isObject(value)) {
    problems.expect(false, place, 'to be an object', value);
    return undefined;
  }
  const read: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    if (!Object.hasOwn(fields, key)) {
      problems.expect(false, place, `to have only the keys ${Object.keys(fields).join(', ')}`, key);
    } else if (value[key] !== undefined) {
      const result = fields[key]!(value[key], `${place}.${key}`, problems);
      if (result !== undefined) read[key] = result;
    }
  }
  return read;
}

/** Reads an object whose keys are the user's, such as attributes. */
export function readRecord(value: unknown, place: string, problems: Problems, read: Read): unknown {
  if (!isObject(value)) {
    problems.expect(false, place, 'to be an object', value);
    return undefined;
  }
  const keys = Object.keys(value).filter((key) => value[key] !== undefined);
  const max = LIMITS.attributes;
  if (!problems.expect(keys.length <= max, place, `to have at most ${max} keys`, keys.length))
    return undefined;
  const entries = keys.map((key) => {
    const fits = hasLength(key, 1, LIMITS.attributeName);
    problems.expect(fits, place, `to have keys of 1 to ${LIMITS.attributeName} characters`, key);
    return [key, read(value[key], `${place}[${JSON.stringify(key.slice(0, 80))}]`, problems)];
  });
  return Object.fromEntries(entries);
}

/** Whether a text has so many characters; one outside the Basic Multilingual Plane counts once, as in JSON Schema. */
export function hasLength(text: string, min: number, max: number): boolean {
  if (text.length < min) return false;
  return text.length <= max || (text.length <= 2 * max && [...text].length <= max);
}

/** Reads a text of so many characters. */
export function text(min: number, max: number): Read {
  return (value, place, problems) =>
    problems.expect(
      typeof value === 'string' && hasLength(value, min, max),
      place,
      `to be a string of ${min === 0 ? 'at most' : `${min} to`} ${max} characters`,
      value,
    )
      ? value
      : undefined;
}

export const boolean: Read = (value, place, problems) =>
  problems.expect(typeof value === 'boolean', place, 'to be true or false', value) ? value : undefined;

export const onlyTrue: Read = (value, place, problems) =>
  problems.expect(value === true, place, 'to be true', value) ? value : undefined;

export const onlyFalse: Read = (value, place, problems) =>
  problems.expect(value === false, place, 'to be false', value) ? value : undefined;

/** Reads a number in [min, max]. */
export function number(min: number, max: number): Read {
  const fits = (value: unknown): boolean => typeof value === 'number' && value >= min && value <= max;
  return (value, place, problems) =>
    problems.expect(fits(value), place, `in [${min}, ${max}]`, value) ? value : undefined;
}

/** Reads an integer in [min, max]. */
export function integer(min: number, max: number): Read {
  const inBounds = number(min, max);
  return (value, place, problems) =>
    problems.expect(Number.isInteger(value), place, 'to be an integer', value)
      ? inBounds(value, place, problems)
      : undefined;
}

/** Reads one of these words, or a list of them. */
export function oneOrMore(words: readonly string[]): Read {
  const isWord = (value: unknown): boolean => words.includes(value as string);
  const expected = `to be ${words.map((word) => `"${word}"`).join(' | ')}, or a list of them`;
  return (value, place, problems) => {
    const fits = Array.isArray(value) ? value.length > 0 && value.every(isWord) : isWord(value);
    if (!problems.expect(fits, place, expected, value)) return undefined;
    return Array.isArray(value) ? [...new Set(value)] : value;
  };
}
