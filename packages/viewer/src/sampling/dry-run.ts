import { type Policy, PolicyDecider } from '@clew/sampling';
import type { Attributes } from '@opentelemetry/api';
import type { StoredRoot } from './local-roots.ts';

/** What a policy would have done with the stored local roots. */
export interface PolicyResult {
  readonly id: string;
  matched: number;
  /** Of those that matched, how many would have been kept, by whichever policy. */
  kept: number;
  /** How many the policy would have kept if it were the only one. */
  keptAlone: number;
}

/** A policy that drops traces which another one would keep. */
export interface Conflict {
  readonly policy: string;
  readonly overriddenBy: string;
  traces: number;
}

/** The result of a dry run. */
export interface DryRun {
  readonly roots: number;
  /** Those that a user had asked for: kept before any policy decides. */
  readonly requested: number;
  /** Kept by policies. */
  readonly kept: number;
  readonly dropped: number;
  /** Those that no policy decides about: the parent or the default does. */
  readonly undecided: number;
  readonly policies: readonly PolicyResult[];
  readonly conflicts: readonly Conflict[];
}

type Outcome = 'kept' | 'dropped' | 'undecided';

/** The policies that can apply to a resource, together and each alone. */
interface Compiled {
  readonly together: PolicyDecider;
  readonly each: readonly Alone[];
}

/** A policy without the others. */
interface Alone {
  readonly id: string;
  /** How many local roots it has matched, as the decider of all policies counts them. */
  readonly counters: { readonly matched: number };
  seen: number;
  /** Created when the policy matches for the first time. */
  decider: PolicyDecider | undefined;
}

/** Resources differ by process; the policies of older ones are compiled again. */
const MAX_COMPILED = 100;

/**
 * Decides about stored local roots again, in the order of their starts, with rates by their time. Ignores `enabled:
 * false` policies.
 */
export function dryRun(policies: readonly Policy[], roots: readonly StoredRoot[]): DryRun {
  let now = 0;
  const byId = new Map(policies.map((policy) => [policy.id, policy]));
  const results = new Map(policies.map(({ id }) => [id, { id, matched: 0, kept: 0, keptAlone: 0 }]));
  const conflicts = new Map<string, Conflict>();
  const counts = { kept: 0, dropped: 0, undecided: 0 };
  let requested = 0;
  const compiled = new Map<string, Compiled>();
  for (const root of roots.toSorted((a, b) => a.startMs - b.startMs)) {
    now = root.startMs;
    if (root.isRequested) {
      requested++;
      continue;
    }
    const { together, each } = compiledFor(root.resource);
    const outcome = decide(together, root);
    counts[outcome]++;
    together.count(undefined);
    const outcomes = matchedNow(each).map((policy) => [policy.id, decideAlone(policy, root)] as const);
    for (const [id, own] of outcomes) {
      const result = results.get(id) as PolicyResult;
      result.matched++;
      if (outcome === 'kept') result.kept++;
      if (own !== 'kept') continue;
      result.keptAlone++;
      if (outcome !== 'dropped') continue;
      for (const [other, its] of outcomes) if (its === 'dropped') addConflict(id, other);
    }
  }
  return {
    roots: roots.length,
    requested,
    kept: counts.kept,
    dropped: counts.dropped,
    undecided: counts.undecided,
    policies: [...results.values()],
    conflicts: [...conflicts.values()].sort(byTraces),
  };

  function compiledFor(resource: Attributes): Compiled {
    const key = JSON.stringify(resource);
    let found = compiled.get(key);
    if (found === undefined) {
      const together = new PolicyDecider(policies, { resource, now: () => now });
      const each = [...together.states]
        .filter(([id]) => together.active.has(id))
        .map(([id, { counters }]): Alone => ({ id, counters, seen: 0, decider: undefined }));
      found = { together, each };
      if (compiled.size >= MAX_COMPILED) compiled.delete(compiled.keys().next().value as string);
      compiled.set(key, found);
    }
    return found;
  }

  function decideAlone(alone: Alone, root: StoredRoot): Outcome {
    const { resource } = root;
    alone.decider ??= new PolicyDecider([byId.get(alone.id) as Policy], { resource, now: () => now });
    return decide(alone.decider, root);
  }

  function addConflict(policy: string, overriddenBy: string): void {
    const key = JSON.stringify([policy, overriddenBy]);
    const conflict = conflicts.get(key) ?? { policy, overriddenBy, traces: 0 };
    conflict.traces++;
    conflicts.set(key, conflict);
  }
}

function byTraces(a: Conflict, b: Conflict): number {
  return b.traces - a.traces || (a.policy + a.overriddenBy < b.policy + b.overriddenBy ? -1 : 1);
}

/** The policies that match the local root which was counted last. */
function matchedNow(each: readonly Alone[]): Alone[] {
  const matched: Alone[] = [];
  for (const policy of each) {
    if (policy.counters.matched === policy.seen) continue;
    policy.seen = policy.counters.matched;
    matched.push(policy);
  }
  return matched;
}

function decide(decider: PolicyDecider, { facts, isError, durationMs }: StoredRoot): Outcome {
  const head = decider.decide(facts);
  if (head?.sampled) return 'kept';
  const late = decider.late(facts);
  if (late !== undefined && ((isError && late.onError) || durationMs > late.slowerThanMs)) return 'kept';
  return head === undefined ? 'undecided' : 'dropped';
}
