import type { Policy, TextCondition } from '../policy.ts';

/** The number of regular expressions in policies that were read. */
export function countRegexes(policies: readonly Policy[]): number {
  let count = 0;
  for (const { match = {} } of policies) {
    const { resource = {}, attributes = {}, baggage = {}, ...fields } = match;
    for (const group of [fields, resource, attributes, baggage])
      for (const condition of Object.values(group)) if (hasRegex(condition)) count++;
  }
  return count;
}

function hasRegex(condition: unknown): boolean {
  return (
    typeof condition === 'object' && condition !== null && (condition as TextCondition).regex !== undefined
  );
}
