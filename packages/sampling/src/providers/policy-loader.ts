import { createHash } from 'node:crypto';
import type { PolicySet } from '../policy.ts';
import type { PolicyFormat } from '../reading/parse-text.ts';
import { readPolicies } from '../reading/read-policies.ts';
import type { ProviderCounters } from './provider-counters.ts';

/** Counts each set of policies, and passes it on unless it is in force already. */
export class PolicyLoader {
  readonly #counters: ProviderCounters;
  readonly #inForce: (policies: PolicySet, version: string) => void;
  #hash: string | undefined;

  constructor(counters: ProviderCounters, inForce: (policies: PolicySet, version: string) => void) {
    this.#counters = counters;
    this.#inForce = inForce;
  }

  /**
   * Puts a text in force.
   *
   * @param format by default, it is recognized from the text
   * @param version such as an ETag; default: a hash of the text
   * @throws PolicyError for an invalid set, which is not counted
   */
  load(text: string, format: PolicyFormat | undefined, version?: string): void {
    const hash = hashOf(text);
    if (hash === this.#hash) {
      this.#counters.unchanged();
      return;
    }
    const policies = readPolicies(text, format);
    this.#hash = hash;
    this.#counters.loaded(version ?? hash);
    this.#inForce(policies, version ?? hash);
  }
}

/** A short hash that identifies a text. */
export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
