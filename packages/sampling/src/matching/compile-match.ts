import type { Attributes, AttributeValue } from '@opentelemetry/api';
import type { Facts } from '../decider.ts';
import type { Kind, Match, Origin, TextMatch } from '../policy.ts';
import { conditionsOf, isTextual, own, type Source, textOf } from './sources.ts';
import { compileText, type TextMatcher } from './text-matcher.ts';

/** A condition on the facts of a local root. */
export type Check = (facts: Facts) => boolean;

/** The condition that a policy is found by. */
export interface Anchor {
  readonly source: Source;
  /** The texts that match. */
  readonly exact?: readonly string[];
  /** What a text that matches starts with. */
  readonly prefix?: string;
}

/** The conditions of a policy, compiled for a resource. */
export interface CompiledMatch {
  readonly anchor: Anchor | undefined;
  /** The conditions that the index does not evaluate completely. */
  readonly checks: readonly Check[];
}

/**
 * Compiles the conditions of a policy. Those on the service and its resource are evaluated now: `undefined` if they do
 * not hold, so that the policy never applies in this process.
 */
export function compileMatch(match: Match, resource: Readonly<Attributes>): CompiledMatch | undefined {
  if (!holdsFor(match, resource)) return undefined;
  const checks: Check[] = [];
  let anchor: Anchor | undefined;
  for (const [source, condition] of conditionsOf(match)) {
    const matcher = compileText(condition);
    const own = anchor === undefined ? anchorOf(source, matcher) : undefined;
    anchor ??= own;
    const isEvaluated = own !== undefined && (matcher.exact ?? matcher.prefix) !== undefined;
    if (!isEvaluated) checks.push((facts) => matcher.test(source.read(facts)));
  }
  const { kind, origin, attributes = {} } = match;
  if (kind !== undefined) checks.push(kindCheck(kind));
  if (origin !== undefined) checks.push(originCheck(origin));
  for (const [key, condition] of Object.entries(attributes))
    if (!isTextual(condition)) checks.push(valueCheck(key, condition));
  return { anchor, checks };
}

function holdsFor({ service, resource = {} }: Match, attributes: Readonly<Attributes>): boolean {
  if (service !== undefined && !compileText(service).test(textOf(own(attributes, 'service.name'))))
    return false;
  return Object.entries(resource).every(([key, condition]) => compileValue(condition)(own(attributes, key)));
}

function anchorOf(source: Source, { exact, prefix, start }: TextMatcher): Anchor | undefined {
  if (exact !== undefined) return { source, exact };
  const known = prefix ?? start;
  return known === undefined ? undefined : { source, prefix: known };
}

const KINDS: readonly Kind[] = ['internal', 'server', 'client', 'producer', 'consumer'];

function kindCheck(kind: Kind | readonly Kind[]): Check {
  let bits = 0;
  for (const each of [kind].flat() as Kind[]) bits |= 1 << KINDS.indexOf(each);
  return (facts) => (bits & (1 << facts.kind)) !== 0;
}

function originCheck(origin: Origin | readonly Origin[]): Check {
  if (typeof origin === 'string') return (facts) => facts.origin === origin;
  return (facts) => origin.includes(facts.origin);
}

function valueCheck(key: string, condition: TextMatch | number | boolean): Check {
  const test = compileValue(condition);
  if (key in Object.prototype) return (facts) => test(own(facts.attributes, key));
  return (facts) => test(facts.attributes[key]);
}

/** A number or a boolean matches exactly; a text also matches the text of a number or a boolean. */
function compileValue(
  condition: TextMatch | number | boolean,
): (value: AttributeValue | undefined) => boolean {
  if (typeof condition === 'number' || typeof condition === 'boolean') return (value) => value === condition;
  const matcher = compileText(condition);
  if (isTextual(condition)) return (value) => matcher.test(textOf(value));
  const whenPresent = matcher.test('');
  const whenMissing = matcher.test(undefined);
  return (value) => (value === undefined || value === null ? whenMissing : whenPresent);
}
