// Written for speed (benchmarks/tracer-micro.mjs): attributes are flat lists, filled by functions for each common case.
// The plain form is one object for each span.
import type { Attributes } from '@opentelemetry/api';

/** Alternating keys and values: key, value, key, value. */
export type FlatAttributes = unknown[];

/** The outcome of setting an attribute. */
export const KEPT = 0;
export const DROPPED = 1;
export const IGNORED = 2;

const MAX_DEPTH = 16;
const MAX_ITEMS = 16384;
const INVALID = Symbol('invalid');

/**
 * Sets one attribute, replacing an earlier one with the same key. Ignores `undefined`; drops a key that is not a
 * non-empty string, a value that OTLP cannot represent, and a new key beyond `maxCount`. Strings are cut to
 * `maxLength` characters.
 */
export function setFlat(
  list: FlatAttributes,
  key: string,
  value: unknown,
  maxCount: number,
  maxLength: number,
): 0 | 1 | 2 {
  if (value === undefined) return IGNORED;
  for (let i = 0; i < list.length; i += 2) {
    if (list[i] !== key) continue;
    const kept = keepable(value, maxLength);
    if (kept === INVALID) return DROPPED;
    list[i + 1] = kept;
    return KEPT;
  }
  return addFlat(list, key, value, maxCount, maxLength);
}

/**
 * Returns a list with one attribute of a primitive type, or an empty list for any other value. Built as a literal
 * because most spans set a single attribute, and pushing to an empty array allocates space for sixteen elements.
 */
export function listOfOne(key: string, value: unknown, maxCount: number, maxLength: number): FlatAttributes {
  const type = typeof value;
  const isPlain =
    type === 'number' || type === 'boolean' || (type === 'string' && (value as string).length <= maxLength);
  return isPlain && maxCount > 0 && typeof key === 'string' && key !== '' ? [key, value] : [];
}

/** Like {@link setFlat}, for a key that is known to be absent. */
function addFlat(
  list: FlatAttributes,
  key: string,
  value: unknown,
  maxCount: number,
  maxLength: number,
): 0 | 1 | 2 {
  if (value === undefined) return IGNORED;
  if (list.length >= maxCount * 2 || typeof key !== 'string' || key === '') return DROPPED;
  const kept = keepable(value, maxLength);
  if (kept === INVALID) return DROPPED;
  list.push(key, kept);
  return KEPT;
}

/** Adds an object's own attributes to an empty list that may grow later; returns how many were dropped. */
export function fillFlat(
  list: FlatAttributes,
  attributes: Readonly<Attributes>,
  maxCount: number,
  maxLength: number,
): number {
  let dropped = 0;
  for (const key of keysOf(attributes))
    if (addFlat(list, key, valueAt(attributes, key), maxCount, maxLength) === DROPPED) dropped++;
  return dropped;
}

/**
 * Like {@link fillFlat}, but returns a list of exactly the needed size: half the time and memory where no more
 * attributes are expected.
 */
export function flatOf(
  attributes: Readonly<Attributes>,
  maxCount: number,
  maxLength: number,
): { readonly list: FlatAttributes; readonly dropped: number } {
  const keys = keysOf(attributes);
  const list: FlatAttributes = new Array(2 * Math.min(keys.length, maxCount));
  let filled = 0;
  let dropped = 0;
  for (const key of keys) {
    const value = valueAt(attributes, key);
    if (value === undefined) continue;
    const kept = filled === list.length || key === '' ? INVALID : keepable(value, maxLength);
    if (kept === INVALID) {
      dropped++;
      continue;
    }
    list[filled++] = key;
    list[filled++] = kept;
  }
  if (filled < list.length) list.length = filled;
  return { list, dropped };
}

/** The object comes from the application and may be a proxy that throws. */
function keysOf(attributes: Readonly<Attributes>): string[] {
  try {
    return Object.keys(attributes);
  } catch {
    return [];
  }
}

/** A getter that throws yields an invalid value; the other attributes are kept. */
function valueAt(attributes: Readonly<Attributes>, key: string): unknown {
  try {
    return attributes[key];
  } catch {
    return INVALID;
  }
}

/** Converts a flat list to an object. */
export function objectOfFlat(list: FlatAttributes | undefined): Attributes {
  const attributes: Attributes = {};
  if (list !== undefined) {
    for (let i = 0; i < list.length; i += 2) attributes[list[i] as string] = list[i + 1];
  }
  return attributes;
}

function keepable(value: unknown, maxLength: number): unknown {
  if (typeof value === 'string') return value.length > maxLength ? value.slice(0, maxLength) : value;
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  return typeof value === 'object' ? copyOf(value, maxLength) : INVALID;
}

// Copies, so that later changes by the application do not affect the span. The application's getters and
// proxies may throw: the value is invalid then.
function copyOf(value: object | null, maxLength: number): unknown {
  try {
    return copy(value, maxLength, 0, { left: MAX_ITEMS });
  } catch {
    return INVALID;
  }
}

function copy(value: unknown, maxLength: number, depth: number, items: { left: number }): unknown {
  if (value === null) return null;
  if (typeof value !== 'object') return value === undefined ? INVALID : keepable(value, maxLength);
  if (value instanceof Uint8Array) return value.slice(0, Math.min(value.length, maxLength));
  if (depth === MAX_DEPTH) return INVALID;
  if (Array.isArray(value)) {
    items.left -= value.length;
    if (items.left < 0) return INVALID;
    const list: unknown[] = [];
    for (const item of value) {
      // A hole becomes null, so that parallel arrays stay aligned.
      const kept = item === undefined ? null : copy(item, maxLength, depth + 1, items);
      if (kept === INVALID) return INVALID;
      list.push(kept);
    }
    return list;
  }
  return copyMap(value, maxLength, depth, items);
}

function copyMap(value: object, maxLength: number, depth: number, items: { left: number }): unknown {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && (prototype as { constructor?: unknown }).constructor !== Object) {
    // An object of another realm (jest, node:vm) has a different Object.
    if (Object.getPrototypeOf(prototype) !== null) return INVALID;
  }
  const map: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue;
    if (--items.left < 0) return INVALID;
    const kept = copy(item, maxLength, depth + 1, items);
    if (kept === INVALID) return INVALID;
    map[key] = kept;
  }
  return map;
}
