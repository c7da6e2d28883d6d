// Written for speed (benchmarks/sampling.mjs): one look-up for each value that policies name, instead of a test for each
// policy. The plain form is a list of policies, all of whose conditions are tested.
import type { Facts } from '../decider.ts';
import type { CompiledMatch } from './compile-match.ts';
import { PrefixTree } from './prefix-tree.ts';
import type { Source } from './sources.ts';

/** What the index finds: anything with compiled conditions. */
export interface Indexed {
  readonly conditions: CompiledMatch;
}

/** The items that are found by one value. */
interface SourceIndex<T> {
  readonly source: Source;
  exact: Map<string, T[]> | undefined;
  prefix: PrefixTree<T> | undefined;
}

/** Finds the items whose conditions hold. */
export class PolicyIndex<T extends Indexed> {
  readonly #sources: readonly SourceIndex<T>[];
  readonly #others: readonly T[];

  constructor(items: readonly T[]) {
    const bySource = new Map<string, SourceIndex<T>>();
    for (const item of items) addTo(bySource, item);
    this.#sources = [...bySource.values()];
    this.#others = items.filter(({ conditions }) => conditions.anchor === undefined);
  }

  /**
   * Writes the items whose conditions hold from `count` on, in no particular order, and returns the new count. The list
   * is never shortened, because that is slow.
   */
  collect(facts: Facts, into: T[], count: number): number {
    let found = count;
    for (let at = 0; at < this.#sources.length; at++) {
      const { source, exact, prefix } = this.#sources[at]!;
      const value = source.read(facts);
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

function addTo<T extends Indexed>(bySource: Map<string, SourceIndex<T>>, item: T): void {
  const { anchor } = item.conditions;
  if (anchor === undefined) return;
  const { source, exact, prefix = '' } = anchor;
  let index = bySource.get(source.key);
  if (index === undefined) {
    index = { source, exact: undefined, prefix: undefined };
    bySource.set(source.key, index);
  }
  if (exact === undefined) {
    index.prefix ??= new PrefixTree();
    index.prefix.add(prefix, item);
    return;
  }
  index.exact ??= new Map();
  for (const text of exact) {
    const same = index.exact.get(text);
    if (same === undefined) index.exact.set(text, [item]);
    else same.push(item);
  }
}
