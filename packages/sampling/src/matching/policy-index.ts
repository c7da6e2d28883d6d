// Written for speed (benchmarks/sampling.mjs): one look-up for each field that policies name, instead of a test for each
// policy. The plain form is a list of policies, all of whose conditions are tested.
import type { Facts } from '../decider.ts';
import { type CompiledMatch, fieldOf, INDEXED, type IndexedField } from './compile-match.ts';
import { PrefixTree } from './prefix-tree.ts';

/** What the index finds: anything with compiled conditions. */
export interface Indexed {
  readonly conditions: CompiledMatch;
}

interface FieldIndex<T> {
  readonly field: IndexedField;
  exact: Map<string, T[]> | undefined;
  prefix: PrefixTree<T> | undefined;
}

/** Finds the items whose conditions hold. */
export class PolicyIndex<T extends Indexed> {
  readonly #fields: FieldIndex<T>[] = [];
  readonly #others: T[] = [];
  readonly size: number;

  constructor(items: readonly T[]) {
    this.size = items.length;
    for (const field of INDEXED) {
      const anchored = items.filter(({ conditions }) => conditions.anchor?.field === field);
      if (anchored.length > 0) this.#fields.push(indexOf(field, anchored));
    }
    this.#others = items.filter(({ conditions }) => conditions.anchor === undefined);
  }

  /**
   * Writes the items whose conditions hold from `count` on, in no particular order, and returns the new count. The list
   * is never shortened, because that is slow.
   */
  collect(facts: Facts, into: T[], count: number): number {
    let found = count;
    for (let at = 0; at < this.#fields.length; at++) {
      const { field, exact, prefix } = this.#fields[at]!;
      const value = fieldOf(facts, field);
      if (value === undefined) continue;
      const items = exact?.get(value);
      if (items !== undefined) for (let i = 0; i < items.length; i++) into[found++] = items[i]!;
      if (prefix !== undefined) found = prefix.collect(value, into, found);
    }
    let kept = count;
    for (let at = count; at < found; at++) {
      const item = into[at]!;
      if (holds(item, facts)) into[kept++] = item;
    }
    for (let at = 0; at < this.#others.length; at++) {
      const item = this.#others[at]!;
      if (holds(item, facts)) into[kept++] = item;
    }
    return kept;
  }
}

function holds({ conditions: { checks } }: Indexed, facts: Facts): boolean {
  for (let at = 0; at < checks.length; at++) if (!checks[at]!(facts)) return false;
  return true;
}

function indexOf<T extends Indexed>(field: IndexedField, items: readonly T[]): FieldIndex<T> {
  const index: FieldIndex<T> = { field, exact: undefined, prefix: undefined };
  for (const item of items) {
    const { exact, prefix = '' } = item.conditions.anchor!;
    if (exact === undefined) {
      index.prefix ??= new PrefixTree();
      index.prefix.add(prefix, item);
      continue;
    }
    index.exact ??= new Map();
    for (const text of exact) {
      const same = index.exact.get(text);
      if (same === undefined) index.exact.set(text, [item]);
      else same.push(item);
    }
  }
  return index;
}
