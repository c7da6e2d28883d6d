import { type Attributes, type AttributeValue, propagation } from '@opentelemetry/api';
import type { Facts } from '../decider.ts';
import type { Kind, Match, Origin, TextMatch } from '../policy.ts';
import { compileText, type TextMatcher } from './text-matcher.ts';

/** The fields that policies are indexed by, the most selective first. */
export const INDEXED = ['path', 'route', 'queue', 'rpcMethod', 'host', 'name', 'method'] as const;
export type IndexedField = (typeof INDEXED)[number];

const ATTRIBUTES = {
  path: 'url.path',
  queue: 'messaging.destination.name',
  rpcMethod: 'rpc.method',
  host: 'server.address',
  method: 'http.request.method',
} as const;

/** A condition on the facts of a local root. */
export type Check = (facts: Facts) => boolean;

/** The condition that the index evaluates; the others are `checks`. */
export interface Anchor {
  readonly field: IndexedField;
  readonly exact?: readonly string[];
  readonly prefix?: string;
}

/** The conditions of a policy, compiled for a resource. */
export interface CompiledMatch {
  readonly anchor: Anchor | undefined;
  readonly checks: readonly Check[];
}

/** The value of an indexed field; `undefined` if the root does not have it. */
export function fieldOf(facts: Facts, field: IndexedField): string | undefined {
  if (field === 'name') return facts.name;
  if (field === 'route') return facts.route;
  const value = facts.attributes[ATTRIBUTES[field]];
  return typeof value === 'string' ? value : undefined;
}

/**
 * Compiles the conditions of a policy. Those on the service and its resource are evaluated now: `undefined` if they do
 * not hold, so that the policy never applies in this process.
 */
export function compileMatch(match: Match, resource: Readonly<Attributes>): CompiledMatch | undefined {
  if (!holdsFor(match, resource)) return undefined;
  const checks: Check[] = [];
  let anchor: Anchor | undefined;
  for (const field of INDEXED) {
    const condition = match[field];
    if (condition === undefined) continue;
    const matcher = compileText(condition);
    if (anchor === undefined) anchor = anchorOf(field, matcher);
    if (anchor?.field !== field) checks.push((facts) => matcher.test(fieldOf(facts, field)));
  }
  const { kind, origin, attributes = {}, baggage = {} } = match;
  if (kind !== undefined) checks.push(kindCheck(kind));
  if (origin !== undefined) checks.push(originCheck(origin));
  for (const [key, condition] of Object.entries(attributes)) checks.push(attributeCheck(key, condition));
  for (const [key, condition] of Object.entries(baggage)) checks.push(baggageCheck(key, condition));
  return { anchor, checks };
}

function holdsFor({ service, resource = {} }: Match, attributes: Readonly<Attributes>): boolean {
  if (service !== undefined && !compileText(service).test(textOf(own(attributes, 'service.name'))))
    return false;
  return Object.entries(resource).every(([key, condition]) => compileValue(condition)(own(attributes, key)));
}

function anchorOf(field: IndexedField, { exact, prefix }: TextMatcher): Anchor | undefined {
  if (exact !== undefined) return { field, exact };
  return prefix === undefined ? undefined : { field, prefix };
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

function attributeCheck(key: string, condition: TextMatch | number | boolean): Check {
  const test = compileValue(condition);
  if (key in Object.prototype) return (facts) => test(own(facts.attributes, key));
  return (facts) => test(facts.attributes[key]);
}

function baggageCheck(key: string, condition: TextMatch): Check {
  const matcher = compileText(condition);
  return (facts) => matcher.test(propagation.getBaggage(facts.context)?.getEntry(key)?.value);
}

/** A number or a boolean matches exactly; a text also matches the text of a number or a boolean. */
function compileValue(
  condition: TextMatch | number | boolean,
): (value: AttributeValue | undefined) => boolean {
  if (typeof condition === 'number' || typeof condition === 'boolean') return (value) => value === condition;
  const matcher = compileText(condition);
  if (typeof condition === 'object' && 'exists' in condition) {
    const whenPresent = matcher.test('');
    const whenMissing = matcher.test(undefined);
    return (value) => (value === undefined || value === null ? whenMissing : whenPresent);
  }
  return (value) => matcher.test(textOf(value));
}

/** Lists have no text. */
function textOf(value: AttributeValue | undefined): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

function own(attributes: Readonly<Attributes>, key: string): AttributeValue | undefined {
  return Object.hasOwn(attributes, key) ? attributes[key] : undefined;
}
