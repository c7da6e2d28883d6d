import type { Provider, ProviderStats } from '../decider.ts';
import type { Policy, PolicySet } from '../policy.ts';
import { type CheckedPolicies, readPolicies } from '../reading/read-policies.ts';
import { ProviderCounters } from './provider-counters.ts';

/**
 * Policies that the application sets itself, as often as it likes.
 *
 * @example
 * const provider = new CodeProvider();
 * provider.set([{ id: 'checkout', match: { path: '/checkout' }, keep: { always: true } }]);
 */
export class CodeProvider implements Provider {
  readonly name = 'application';
  readonly #counters = new ProviderCounters(this.name);
  #inForce: ((policies: PolicySet, version: string) => void) | undefined;
  #policies: CheckedPolicies | undefined;
  #version = 0;

  /**
   * Replaces the policies.
   *
   * @throws PolicyError for invalid policies; the last ones stay in force
   */
  set(policies: PolicySet | readonly Policy[]): void {
    this.#policies = readPolicies(policies);
    this.#version++;
    this.#counters.loaded(String(this.#version));
    this.#inForce?.(this.#policies, String(this.#version));
  }

  start(inForce: (policies: PolicySet, version: string) => void): void {
    this.#inForce = inForce;
    if (this.#policies !== undefined) inForce(this.#policies, String(this.#version));
  }

  stats(): ProviderStats {
    return this.#counters.stats;
  }

  stop(): void {
    this.#inForce = undefined;
  }
}
