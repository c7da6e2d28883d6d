import type { Keep, Policy } from '../policy.ts';
import type { Problems } from '../policy-error.ts';
import type { SkippedPolicy } from './read-policies.ts';
import { DESCRIPTION } from './read-policy.ts';
import { readTraceMatchers } from './read-trace-matchers.ts';
import { type Fields, integer, isObject, number, onlyFalse, type Read, readObject } from './read-values.ts';
import { ratioOfPercentage } from './sampling-precision.ts';

const TARGETS = ['log', 'metric', 'trace', 'profile'] as const;
const MODES = ['equalizing', 'proportional', 'hash_seed'];
const anything: Read = (value) => value;
const mode: Read = (value, place, problems) =>
  problems.expect(MODES.includes(value as string), place, `to be one of ${MODES.join(', ')}`, value)
    ? value
    : undefined;

const KEEP: Fields = {
  percentage: number(0, 100),
  mode,
  sampling_precision: integer(1, 14),
  hash_seed: integer(-(2 ** 31), 2 ** 31 - 1),
  fail_closed: onlyFalse,
};

const TRACE: Fields = {
  match: anything,
  keep: (value, place, problems) => readObject(value, place, problems, KEEP),
};

const POLICY: Fields = {
  ...DESCRIPTION,
  created_at_unix_nano: anything,
  modified_at_unix_nano: anything,
  labels: anything,
  log: anything,
  metric: anything,
  profile: anything,
  trace: (value, place, problems) => readObject(value, place, problems, TRACE),
};

interface SamplingConfig {
  readonly percentage?: number;
  readonly mode?: string;
  readonly sampling_precision?: number;
}

/** A telemetry policy after `readObject`. */
interface TelemetryPolicy {
  readonly id: string;
  readonly name: string;
  readonly description?: string;
  readonly enabled?: boolean;
  readonly trace?: { readonly match?: unknown; readonly keep?: SamplingConfig };
}

/** Whether a policy has the form of OpenTelemetry's telemetry policies: it names a signal. */
export function isTelemetryPolicy(value: unknown): boolean {
  return isObject(value) && TARGETS.some((target) => value[target] !== undefined);
}

/**
 * Translates a telemetry policy into Clew's form. What a sampler cannot know or do, such as an event's name, is valid
 * but makes the policy skipped: by OTEP 4738, a policy that cannot be applied must not affect telemetry.
 */
export function readTelemetryPolicy(
  value: unknown,
  place: string,
  problems: Problems,
): Policy | SkippedPolicy | undefined {
  const before = problems.count;
  const read = readObject(value, place, problems, POLICY) as unknown as TelemetryPolicy | undefined;
  if (read === undefined) return undefined;
  const given = value as Readonly<Record<string, unknown>>;
  problems.expect(given.id !== undefined, place, 'to have an id', value);
  problems.expect(given.name !== undefined, place, 'to have a name', value);
  const targets = TARGETS.filter((target) => given[target] !== undefined);
  problems.expect(targets.length === 1, place, `to have one of ${TARGETS.join(', ')}`, targets.join(', '));
  if (targets.some((target) => target !== 'trace'))
    return problems.count === before ? { id: read.id, reason: `it applies to a ${targets[0]}` } : undefined;
  const { match, keep } = read.trace ?? {};
  const target = `${place}.trace`;
  problems.expect(keep?.percentage !== undefined, target, 'to have keep.percentage', given.trace);
  const matchers = readTraceMatchers(match, `${target}.match`, problems);
  if (problems.count > before || keep === undefined) return undefined;
  if ('reason' in matchers) return { id: read.id, reason: matchers.reason };
  const { mode = 'equalizing' } = keep;
  if (mode !== 'equalizing') return { id: read.id, reason: `the mode ${mode} is not supported` };
  const { id, name, description, enabled } = read;
  return {
    id,
    name,
    ...(description !== undefined && { description }),
    ...(enabled !== undefined && { enabled }),
    match: matchers.match,
    keep: keepOf(keep),
  };
}

/** 0 % drops everything and comes before all other policies, as in the ranking of OTEP 4738. */
function keepOf({ percentage = 100, sampling_precision: precision = 14 }: SamplingConfig): Keep {
  return percentage === 0 ? { never: true } : { ratio: ratioOfPercentage(percentage, precision) };
}
