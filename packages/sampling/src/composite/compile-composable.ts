import { expectFit } from '@clew/core/internal';
import { TraceFlags } from '@opentelemetry/api';
import type { Facts, Threshold, Verdict } from '../decider.ts';
import { passes, thresholdOf } from '../deciding/threshold.ts';
import { compileRule, fieldsOf, remoteParentOf } from './compile-rule.ts';

const OWNER = '@clew/sampling';
const MAX_DEPTH = 16;
const KINDS = ['always_on', 'always_off', 'probability', 'parent_threshold', 'rule_based'];
const ON = verdict(true, thresholdOf(1));
const OFF = verdict(false, undefined);
const BY_FLAG = verdict(true, undefined);

/** Decides about a local root. */
export type Composable = (facts: Facts) => Verdict;

/** Compiles a composable sampler; `path` is its place in errors. */
export function compileComposable(config: unknown, path: string, depth = 0): Composable {
  const fields = fieldsOf(config, path);
  const [kind = '', ...others] = Object.keys(fields);
  const fits = others.length === 0 && KINDS.includes(kind);
  expectFit(OWNER, fits, `${path} to have one of ${KINDS.join(', ')}`, Object.keys(fields).join(', '));
  expectFit(OWNER, depth < MAX_DEPTH, `${path} to be nested at most ${MAX_DEPTH} times`, kind);
  const place = `${path}.${kind}`;
  const value = fieldsOf(fields[kind] ?? {}, place);
  if (kind === 'always_on') return () => ON;
  if (kind === 'always_off') return () => OFF;
  if (kind === 'probability') return compileProbability(value.ratio ?? 1, `${place}.ratio`);
  if (kind === 'parent_threshold') {
    const root = compileComposable(value.root, `${place}.root`, depth + 1);
    return (facts) => byParent(facts) ?? root(facts);
  }
  return compileRules(value.rules ?? [], `${place}.rules`, depth);
}

function compileProbability(ratio: unknown, path: string): Composable {
  const fits = typeof ratio === 'number' && ratio >= 0 && ratio <= 1;
  expectFit(OWNER, fits, `${path} in [0, 1]`, ratio);
  if (ratio === 0) return () => OFF;
  const threshold = thresholdOf(ratio as number);
  const kept = verdict(true, threshold);
  return ({ randomHigh, randomLow }) => (passes(randomHigh, randomLow, threshold) ? kept : OFF);
}

function compileRules(rules: unknown, path: string, depth: number): Composable {
  expectFit(OWNER, Array.isArray(rules), `${path} to be a list`, rules);
  const compiled = (rules as unknown[]).map((rule, index) => {
    const place = `${path}[${index}]`;
    const { sampler, ...conditions } = fieldsOf(rule, place);
    return {
      matches: compileRule(conditions, place),
      decide: compileComposable(sampler, `${place}.sampler`, depth + 1),
    };
  });
  return (facts) => compiled.find(({ matches }) => matches(facts))?.decide(facts) ?? OFF;
}

/** The threshold of a remote parent is applied to the random value of the trace; without it, the sampled flag decides. */
function byParent(facts: Facts): Verdict | undefined {
  const parent = remoteParentOf(facts);
  if (parent === undefined) return undefined;
  const threshold = thresholdIn(parent.traceState?.get('ot') ?? '');
  if (threshold === undefined) return (parent.traceFlags & TraceFlags.SAMPLED) === 0 ? OFF : BY_FLAG;
  return passes(facts.randomHigh, facts.randomLow, threshold) ? verdict(true, threshold) : OFF;
}

function thresholdIn(member: string): Threshold | undefined {
  const text = /(?:^|;)th:([\da-f]{1,14})(?:;|$)/.exec(member)?.[1];
  if (text === undefined) return undefined;
  const digits = text.padEnd(14, '0');
  return { high: Number.parseInt(digits.slice(0, 6), 16), low: Number.parseInt(digits.slice(6), 16), text };
}

function verdict(sampled: boolean, threshold: Threshold | undefined): Verdict {
  return { sampled, threshold, attributes: undefined };
}
