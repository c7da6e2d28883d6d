import { LIMITS } from '../limits.ts';
import { listIn, numberIn, objectIn, parseObject, textIn } from './json-fields.ts';

/** A sampling rule of X-Ray. All patterns may have `*` and `?`, and match without regard to case. */
export interface XRayRuleDefinition {
  readonly name: string;
  /** Lower numbers come first. */
  readonly priority: number;
  /** The share of the traces beyond the reservoir, in [0, 1]. */
  readonly fixedRate: number;
  /** Traces a second of all processes together. */
  readonly reservoirSize: number;
  /** Whether X-Ray raises the rate for a while after anomalies. */
  readonly hasBoost: boolean;
  readonly serviceName: string;
  readonly serviceType: string;
  readonly resourceArn: string;
  readonly host: string;
  readonly method: string;
  readonly path: string;
  readonly attributes: readonly (readonly [name: string, pattern: string])[];
}

/** One page of rules. */
export interface XRayRulePage {
  readonly rules: readonly XRayRuleDefinition[];
  /** Requests the next page; `undefined` on the last one. */
  readonly nextToken: string | undefined;
}

/**
 * Reads a response of `GetSamplingRules`.
 *
 * @throws TypeError or SyntaxError for an invalid response
 * @see https://docs.aws.amazon.com/xray/latest/api/API_GetSamplingRules.html
 */
export function readXRayRules(text: string): XRayRulePage {
  const { SamplingRuleRecords: records, NextToken: token } = parseObject(text);
  if (records === undefined) throw new TypeError('expected SamplingRuleRecords to be a list, got undefined');
  const rules = listIn('SamplingRuleRecords', records)
    .map((record) =>
      objectIn('SamplingRuleRecords.SamplingRule', objectIn('SamplingRuleRecords', record).SamplingRule),
    )
    // The syntax of another version is not known.
    .filter(({ Version: version }) => version === undefined || version === 1)
    .map(readRule);
  return { rules, nextToken: typeof token === 'string' && token !== '' ? token : undefined };
}

/** The order in which rules are tried. */
export function compareXRayRules(a: XRayRuleDefinition, b: XRayRuleDefinition): number {
  return a.priority - b.priority || (a.name < b.name ? -1 : 1);
}

function readRule(rule: Readonly<Record<string, unknown>>): XRayRuleDefinition {
  const name = textIn('SamplingRule.RuleName', rule.RuleName);
  const number = (field: string, max?: number) => numberIn(`rule "${name}": ${field}`, rule[field], max);
  const pattern = (field: string, value: unknown = rule[field] ?? '*') =>
    patternIn(`rule "${name}": ${field}`, value);
  const attributes = objectIn(`rule "${name}": Attributes`, rule.Attributes ?? {});
  return {
    name,
    priority: number('Priority'),
    fixedRate: number('FixedRate', 1),
    reservoirSize: number('ReservoirSize'),
    hasBoost: typeof rule.SamplingRateBoost === 'object' && rule.SamplingRateBoost !== null,
    serviceName: pattern('ServiceName'),
    serviceType: pattern('ServiceType'),
    resourceArn: pattern('ResourceARN'),
    host: pattern('Host'),
    method: pattern('HTTPMethod'),
    path: pattern('URLPath'),
    attributes: Object.entries(attributes).map(
      ([key, value]) => [key, pattern(`Attributes["${key}"]`, value)] as const,
    ),
  };
}

/** Long patterns would take long to match. X-Ray itself allows 500 characters at most. */
function patternIn(name: string, value: unknown): string {
  const pattern = textIn(name, value);
  if (pattern.length <= LIMITS.text) return pattern;
  throw new TypeError(`expected ${name} to have at most ${LIMITS.text} characters, got ${pattern.length}`);
}
