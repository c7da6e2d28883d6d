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
  readonly exact: Map<string, T[]>;
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

  /** Appends the items whose conditions hold, in no particular order. */
  collect(facts: Facts, into: T[]): void {
    let kept = into.length;
    for (let at = 0; at < this.#fields.length; at++) {
      const { field, exact, prefix } = this.#fields[at]!;
      const value = fieldOf(facts, field);
      if (value === undefined) continue;
      const found = exact.get(value);
      if (found !== undefined) for (let i = 0; i < found.length; i++) into.push(found[i]!);
      prefix?.collect(value, into);
    }
    for (let at = kept; at < into.length; at++) {
      const item = into[at]!;
      if (holds(item, facts)) into[kept++] = item;
    }
    into.length = kept;
    for (let at = 0; at < this.#others.length; at++) {
      const item = this.#others[at]!;
      if (holds(item, facts)) into.push(item);
    }
  }
}

function holds({ conditions: { checks } }: Indexed, facts: Facts): boolean {
  for (let at = 0; at < checks.length; at++) if (!checks[at]!(facts)) return false;
  return true;
}

function indexOf<T extends Indexed>(field: IndexedField, items: readonly T[]): FieldIndex<T> {
  const index: FieldIndex<T> = { field, exact: new Map(), prefix: undefined };
  for (const item of items) {
    const { exact, prefix = '' } = item.conditions.anchor!;
    if (exact === undefined) {
      index.prefix ??= new PrefixTree();
      index.prefix.add(prefix, item);
      continue;
    }
    for (const text of exact) {
      const same = index.exact.get(text);
      if (same === undefined) index.exact.set(text, [item]);
      else same.push(item);
    }
  }
  return index;
}
