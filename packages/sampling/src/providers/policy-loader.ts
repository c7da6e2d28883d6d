import { createHash } from 'node:crypto';
import type { PolicySet } from '../policy.ts';
import type { ProviderCounters } from './provider-counters.ts';

/**
 * Reads and validates a set of policies.
 *
 * @param contentType `application/json` or `application/yaml`
 * @throws TypeError for an invalid set
 */
export type ReadPolicies = (text: string, contentType: string) => PolicySet;

/** Counts each set of policies, and passes it on unless it is in force already. */
export class PolicyLoader {
  readonly #read: ReadPolicies;
  readonly #counters: ProviderCounters;
  readonly #inForce: (policies: PolicySet, version: string) => void;
  #hash: string | undefined;

  constructor(
    read: ReadPolicies,
    counters: ProviderCounters,
    inForce: (policies: PolicySet, version: string) => void,
  ) {
    this.#read = read;
    this.#counters = counters;
    this.#inForce = inForce;
  }

  /**
   * Puts a text in force.
   *
   * @param contentType `application/json` or `application/yaml`
   * @param version such as an ETag; default: a hash of the text
   * @throws TypeError for an invalid set, which is not counted
   */
  load(text: string, contentType: string, version?: string): void {
    const hash = hashOf(text);
    if (hash === this.#hash) {
      this.#counters.unchanged();
      return;
    }
    const policies = this.#read(text.replace(/^\uFEFF/, ''), contentType);
    this.#hash = hash;
    this.#counters.loaded(version ?? hash);
    this.#inForce(policies, version ?? hash);
  }
}

/** A short hash that identifies a text. */
export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
