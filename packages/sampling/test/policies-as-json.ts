// Reads policies for the tests of providers, which do not depend on the syntax of policies.
import type { PolicySet } from '../src/policy.ts';

/** Accepts `{"policies":[{"id":…}]}` as JSON, and its id as YAML: `id: …`. */
export function readAsJson(text: string, contentType: string): PolicySet {
  const id = /^id: (\w+)\n$/.exec(text)?.[1];
  if (contentType === 'application/yaml' && id !== undefined) return { policies: [{ id, keep: {} }] };
  const set = JSON.parse(text) as Partial<PolicySet> | null;
  if (!Array.isArray(set?.policies)) throw new TypeError('expected policies to be a list');
  return set as PolicySet;
}

/** A set with one policy. */
export function setOf(id: string): string {
  return JSON.stringify({ policies: [{ id, keep: { always: true } }] });
}

/** The id of the first policy. */
export function idOf(set: PolicySet | undefined): string | undefined {
  return set?.policies[0]?.id;
}
