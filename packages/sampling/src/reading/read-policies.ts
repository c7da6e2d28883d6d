import { LIMITS } from '../limits.ts';
import { countRegexes } from '../matching/count-regexes.ts';
import type { Policy, PolicySet } from '../policy.ts';
import { Problems } from '../policy-error.ts';
import { type PolicyFormat, parseText } from './parse-text.ts';
import { readPolicy } from './read-policy.ts';
import { isTelemetryPolicy, readTelemetryPolicy } from './read-telemetry-policy.ts';
import { isObject } from './read-values.ts';

/** A telemetry policy that is valid but cannot be applied by a sampler, such as one for logs. */
export interface SkippedPolicy {
  readonly id: string;
  readonly reason: string;
}

/** A set of valid policies, in Clew's form. */
export interface CheckedPolicies extends PolicySet {
  /** Telemetry policies of OpenTelemetry that a sampler cannot apply: the traces they match are not affected. */
  readonly skipped: readonly SkippedPolicy[];
}

const checked = new WeakSet<object>();

/**
 * Reads a set of policies: `{ policies: […] }`, or the list alone. Each is a `Policy`, or a telemetry policy of
 * OpenTelemetry, which is translated. Unknown keys are errors.
 *
 * @param source JSON or YAML of at most 1 MiB, or an object. Objects are copied.
 * @param format of a text; by default, a text that starts with `{` or `[` is JSON, any other is YAML
 * @throws PolicyError with all that is wrong
 * @see https://github.com/open-telemetry/opentelemetry-specification/blob/main/oteps/4738-telemetry-policy.md
 * @example
 * readPolicies('policies: [{ id: health, match: { path: /health }, keep: { never: true } }]');
 */
export function readPolicies(source: string | object, format?: PolicyFormat): CheckedPolicies {
  if (typeof source === 'object' && checked.has(source)) return source as CheckedPolicies;
  const value = typeof source === 'string' ? parseText(source, format) : source;
  const problems = new Problems();
  const list = listOf(value, problems);
  problems.throwIfAny();
  const policies: Policy[] = [];
  const skipped: SkippedPolicy[] = [];
  const ids = new Map<string, number>();
  for (const [index, item] of list.entries()) {
    const place = `policies[${index}]`;
    const read = isTelemetryPolicy(item)
      ? readTelemetryPolicy(item, place, problems)
      : readPolicy(item, place, problems);
    if (read === undefined) continue;
    const earlier = ids.get(read.id);
    problems.expect(earlier === undefined, `${place}.id`, `to differ from policies[${earlier}].id`, read.id);
    ids.set(read.id, index);
    if ('reason' in read) skipped.push(read);
    else policies.push(read);
  }
  const regexes = countRegexes(policies);
  const max = LIMITS.regularExpressions;
  problems.expect(regexes <= max, 'the document', `to have at most ${max} regular expressions`, regexes);
  problems.throwIfAny();
  const result = { policies, skipped };
  checked.add(result);
  return result;
}

function listOf(value: unknown, problems: Problems): readonly unknown[] {
  if (isObject(value)) {
    for (const key of Object.keys(value)) {
      const known = key === 'policies' || key === '$schema';
      problems.expect(known, 'the document', 'to have only the keys policies, $schema', key);
    }
  }
  const list = isObject(value) ? value.policies : value;
  if (!problems.expect(Array.isArray(list), 'policies', 'to be a list', list)) return [];
  const { length } = list as unknown[];
  problems.expect(length <= LIMITS.policies, 'policies', `to have at most ${LIMITS.policies} items`, length);
  return list as unknown[];
}
