import { expectFit } from '@clew/core/internal';
import {
  type AttributeValue,
  isSpanContextValid,
  type SpanContext,
  SpanKind,
  trace,
} from '@opentelemetry/api';
import type { Facts } from '../decider.ts';
import { compileGlob } from '../matching/glob.ts';

const OWNER = '@clew/sampling';
const KINDS: ReadonlyMap<unknown, SpanKind> = new Map([
  ['internal', SpanKind.INTERNAL],
  ['server', SpanKind.SERVER],
  ['client', SpanKind.CLIENT],
  ['producer', SpanKind.PRODUCER],
  ['consumer', SpanKind.CONSUMER],
]);
const PARENTS = ['none', 'remote', 'local'];

type Condition = (facts: Facts) => boolean;
type Compile = (value: unknown, path: string) => Condition;

/** The conditions of a rule by name, each compiled from its value. */
const CONDITIONS: ReadonlyMap<string, Compile> = new Map([
  ['attribute_values', compileValues],
  ['attribute_patterns', compilePatterns],
  ['span_kinds', compileKinds],
  ['parent', compileParents],
]);

/** Compiles the conditions of a rule, all of which must hold. Conditions that are `null` are left out. */
export function compileRule(conditions: Readonly<Record<string, unknown>>, path: string): Condition {
  const compiled = Object.entries(conditions).flatMap(([name, value]) => {
    const compile = CONDITIONS.get(name);
    const known = `sampler, ${[...CONDITIONS.keys()].join(', ')}`;
    expectFit(OWNER, compile !== undefined, `${path} to have members among ${known}`, name);
    return value === null ? [] : [compile!(value, `${path}.${name}`)];
  });
  return (facts) => compiled.every((holds) => holds(facts));
}

/** The object's members; throws for anything else. */
export function fieldsOf(value: unknown, path: string): Readonly<Record<string, unknown>> {
  const fits = typeof value === 'object' && value !== null && !Array.isArray(value);
  expectFit(OWNER, fits, `${path} to be an object`, value);
  return value as Readonly<Record<string, unknown>>;
}

/** The context of the remote parent; `undefined` without one. */
export function remoteParentOf({ context }: Facts): SpanContext | undefined {
  const parent = trace.getSpanContext(context);
  return parent !== undefined && isSpanContextValid(parent) ? parent : undefined;
}

function compileValues(value: unknown, path: string): Condition {
  const { key, values } = fieldsOf(value, path);
  expectKey(key, path);
  const wanted = new Set(texts(values, `${path}.values`));
  return ({ attributes }) => textsOf(attributes[key]).some((text) => wanted.has(text));
}

function compilePatterns(value: unknown, path: string): Condition {
  const { key, included, excluded } = fieldsOf(value, path);
  expectKey(key, path);
  const globs = (list: unknown, name: string) => texts(list ?? [], `${path}.${name}`).map(compileGlob);
  const includes = included === undefined || included === null ? undefined : globs(included, 'included');
  const excludes = globs(excluded, 'excluded');
  return ({ attributes }) =>
    textsOf(attributes[key]).some((text) => {
      if (excludes.some((matches) => matches(text))) return false;
      return includes === undefined || includes.some((matches) => matches(text));
    });
}

function compileKinds(value: unknown, path: string): Condition {
  const names = texts(value, path);
  const unknown = names.find((name) => !KINDS.has(name));
  expectFit(
    OWNER,
    unknown === undefined,
    `${path} to have kinds among ${[...KINDS.keys()].join(', ')}`,
    unknown,
  );
  const kinds = new Set(names.map((name) => KINDS.get(name)));
  return ({ kind }) => kinds.has(kind);
}

/** A local root has no local parent, so `local` alone never holds. */
function compileParents(value: unknown, path: string): Condition {
  const names = texts(value, path);
  const unknown = names.find((name) => !PARENTS.includes(name));
  expectFit(OWNER, unknown === undefined, `${path} to have parents among ${PARENTS.join(', ')}`, unknown);
  return (facts) => names.includes(remoteParentOf(facts) === undefined ? 'none' : 'remote');
}

function expectKey(key: unknown, path: string): asserts key is string {
  expectFit(OWNER, typeof key === 'string', `${path}.key to be a text`, key);
}

function texts(value: unknown, path: string): readonly string[] {
  const fits = Array.isArray(value) && value.every((item) => typeof item === 'string');
  expectFit(OWNER, fits, `${path} to be a list of texts`, value);
  return value as readonly string[];
}

/** A value as texts: one for each item of a list, none for a missing value. */
function textsOf(value: AttributeValue | undefined): readonly string[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value.map(String) : [String(value)];
}
