import { guard, needHostAtStart, reportFailure, show, ThrottledWarnings } from '@clew/core/internal';
import type { Attributes } from '@opentelemetry/api';
import type { Decider, Provider, ProviderStats } from '../decider.ts';
import { PolicyDecider } from '../deciding/policy-decider.ts';
import type { PolicyCounters } from '../deciding/policy-state.ts';
import type { Policy, PolicySet } from '../policy.ts';
import { type CheckedPolicies, readPolicies, type SkippedPolicy } from '../reading/read-policies.ts';

/** Policies in force, for `clew policies show`. */
export interface PolicyInForce {
  readonly policy: Policy;
  /** The name of its provider; `code` for the option `policies`. */
  readonly provider: string;
  /** Whether it can apply in this process: it is enabled, and its conditions on the service and resource hold. */
  readonly active: boolean;
  readonly counters: PolicyCounters;
}

/** What the providers have put in force. */
export interface RulesInForce {
  readonly policies: readonly PolicyInForce[];
  /** Telemetry policies that a sampler cannot apply. */
  readonly skipped: readonly (SkippedPolicy & { readonly provider: string })[];
  /** Providers whose rules are not policies, with the version of what is in force. */
  readonly deciders: readonly { readonly provider: string; readonly version: string }[];
}

interface Loaded {
  readonly provider: string;
  readonly priority: number;
  readonly rules: CheckedPolicies | Decider;
  readonly version: string;
}

const CODE = 'code';
const DEFAULT_PRIORITY = 4;
const NO_COUNTERS: PolicyCounters = { matched: 0, kept: 0, dropped: 0, keptLate: 0 };

/**
 * The rules of all providers. Policies are merged: where several providers have one with the same id, that of the first
 * provider by priority, then by their order, is in force. Each change replaces the compiled set as a whole.
 */
export class RuleSets {
  readonly #providers: readonly Provider[];
  /** Unique, in the order of the providers. */
  readonly #names: readonly string[];
  readonly #resource: Readonly<Attributes>;
  /** By provider, the application's own policies last. */
  readonly #loaded: (Loaded | undefined)[];
  readonly #warnings = new ThrottledWarnings();
  #stopped = false;
  /** Policies of all providers, compiled. */
  policies: PolicyDecider;
  /** Rules of other kinds, in the order of their providers. */
  deciders: readonly Decider[] = [];

  constructor(own: CheckedPolicies, providers: readonly Provider[], resource: Readonly<Attributes>) {
    this.#providers = providers;
    this.#names = uniqueNames(providers.map(({ name }) => name));
    this.#resource = resource;
    this.#loaded = [...providers.map(() => undefined), loaded(CODE, DEFAULT_PRIORITY, own, '')];
    this.policies = new PolicyDecider(own.policies, { resource });
    if (this.policies.needsHost) needHostAtStart();
    this.#warnOfSkipped(CODE, own);
  }

  start(): void {
    for (const [index, provider] of this.#providers.entries()) {
      const { priority = DEFAULT_PRIORITY } = provider;
      const name = this.#names[index]!;
      try {
        provider.start((rules, version) => this.#replace(index, name, priority, rules, version));
      } catch (fault) {
        reportFailure(`starting the sampling provider ${name}`, fault);
      }
    }
  }

  stop(): void {
    this.#stopped = true;
    for (const provider of this.#providers) {
      try {
        provider.stop();
      } catch (fault) {
        reportFailure(`stopping the sampling provider ${provider.name}`, fault);
      }
    }
  }

  /** The number of policies in force, and the names of the providers. */
  describe(): string {
    return [`${this.policies.states.size} policies`, ...this.#names].join(', ');
  }

  /** The counters by the provider's name, followed by ` (2)` for the second one of that name; a provider whose own code throws is left out. */
  providerStats(): Readonly<Record<string, ProviderStats>> {
    const entries = this.#providers.map(
      (provider, index) =>
        [this.#names[index]!, guard(`stats of ${provider.name}`, () => provider.stats())] as const,
    );
    return Object.fromEntries(
      entries.filter((entry): entry is [string, ProviderStats] => entry[1] !== undefined),
    );
  }

  counters(): Readonly<Record<string, PolicyCounters>> {
    const entries = [...this.policies.states].map(([id, { counters }]) => [id, { ...counters }] as const);
    return Object.fromEntries(entries);
  }

  inForce(): RulesInForce {
    const { active, states } = this.policies;
    const deciders: { provider: string; version: string }[] = [];
    const skipped: (SkippedPolicy & { provider: string })[] = [];
    for (const each of this.#loaded) {
      if (each === undefined) continue;
      const { provider, rules, version } = each;
      if (!isPolicies(rules)) deciders.push({ provider, version });
      else skipped.push(...rules.skipped.map((policy) => ({ ...policy, provider })));
    }
    const policies = this.#merged().map(([policy, provider]) => ({
      policy,
      provider,
      active: active.has(policy.id),
      counters: { ...(states.get(policy.id)?.counters ?? NO_COUNTERS) },
    }));
    return { policies, skipped, deciders };
  }

  /** Never throws into a provider: a set that cannot be compiled leaves the last one in force. */
  #replace(index: number, name: string, priority: number, rules: PolicySet | Decider, version: string): void {
    if (this.#stopped) return;
    const before = this.#loaded[index];
    try {
      const checked = isPolicies(rules) ? readPolicies(rules) : rules;
      this.#loaded[index] = loaded(name, priority, checked, version);
      const policies = this.#merged().map(([policy]) => policy);
      const { states } = this.policies;
      this.policies = new PolicyDecider(policies, { resource: this.#resource, states });
      this.deciders = this.#loaded.flatMap((each) => (each && !isPolicies(each.rules) ? [each.rules] : []));
      if ([this.policies, ...this.deciders].some(({ needsHost }) => needsHost === true)) needHostAtStart();
      this.#warnOfSkipped(name, checked);
    } catch (fault) {
      this.#loaded[index] = before;
      reportFailure(`putting the rules of the sampling provider ${name} in force`, fault);
    }
  }

  /** Once a minute for each provider. */
  #warnOfSkipped(provider: string, rules: CheckedPolicies | Decider): void {
    const { length, 0: first } = isPolicies(rules) ? rules.skipped : [];
    if (first === undefined) return;
    this.#warnings.warn(
      provider,
      () =>
        `@clew/sampling: ${length} telemetry policies of ${provider} are not applied, such as ${show(first.id)}: ${first.reason}`,
    );
  }

  /** The policies in force, each with its provider. */
  #merged(): (readonly [policy: Policy, provider: string])[] {
    const byId = new Map<string, readonly [Policy, string]>();
    // Stable: providers of the same priority stay in their order.
    const sorted = this.#loaded.filter((each) => each !== undefined).sort((a, b) => a.priority - b.priority);
    for (const { provider, rules } of sorted) {
      if (!isPolicies(rules)) continue;
      for (const policy of rules.policies) {
        if (!byId.has(policy.id)) byId.set(policy.id, [policy, provider]);
      }
    }
    return [...byId.values()];
  }
}

function loaded(
  provider: string,
  priority: number,
  rules: CheckedPolicies | Decider,
  version: string,
): Loaded {
  return { provider, priority, rules, version };
}

function uniqueNames(names: readonly string[]): readonly string[] {
  const used = new Set<string>();
  for (const name of names) {
    let unique = name;
    for (let count = 2; used.has(unique); count++) unique = `${name} (${count})`;
    used.add(unique);
  }
  return [...used];
}

function isPolicies<T extends PolicySet>(rules: T | Decider): rules is T {
  return 'policies' in rules;
}
