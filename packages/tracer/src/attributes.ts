import type { Attributes } from '@opentelemetry/api';

/** Keys and values by turns: key, value, key, value. */
export type FlatAttributes = unknown[];

/** What became of an attribute. */
export const KEPT = 0;
export const DROPPED = 1;
export const IGNORED = 2;

const MAX_DEPTH = 16;
const MAX_ITEMS = 16384;
const INVALID = Symbol('invalid');

/**
 * Sets one attribute, over an earlier one of the same key.
 * `undefined` is ignored; a key that is no text, a value that OTLP has no form for, and one over the limit are dropped.
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
 * A list of one attribute of a plain kind; an empty one for any other. Most spans set no more than one, and an array that
 * is pushed to makes room for sixteen.
 */
export function listOfOne(key: string, value: unknown, maxCount: number, maxLength: number): FlatAttributes {
  const type = typeof value;
  const isPlain =
    type === 'number' || type === 'boolean' || (type === 'string' && (value as string).length <= maxLength);
  return isPlain && maxCount > 0 && typeof key === 'string' && key !== '' ? [key, value] : [];
}

/** As {@link setFlat}, for a key that is not there yet. */
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

/** Adds an object's own attributes to an empty list, with room for more; returns how many were dropped. */
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

/** The same as a list of just their size: half the time and memory, where no more are to be expected. */
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

/** An object of the application's may be a proxy that throws. */
function keysOf(attributes: Readonly<Attributes>): string[] {
  try {
    return Object.keys(attributes);
  } catch {
    return [];
  }
}

/** A getter that throws has an invalid value: the others stay. */
function valueAt(attributes: Readonly<Attributes>, key: string): unknown {
  try {
    return attributes[key];
  } catch {
    return INVALID;
  }
}

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

// A copy, so that a change by the program does not change the span. Getters and proxies of the program's
// may throw: the value is invalid then.
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
      // A hole keeps its place, so that arrays that belong together stay aligned.
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
    // An object of another realm (jest, node:vm) has another Object.
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
