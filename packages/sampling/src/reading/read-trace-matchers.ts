import { LIMITS } from '../limits.ts';
import type { Kind, Match, TextCondition } from '../policy.ts';
import type { Problems } from '../policy-error.ts';
import { readTextMatch } from './read-text-match.ts';
import { boolean, type Fields, isObject, type Read, readObject, text } from './read-values.ts';

/** The conditions of a telemetry policy in Clew's form, or the reason why a sampler cannot evaluate them. */
export type TranslatedMatch = { readonly match: Match } | { readonly reason: string };

const anything: Read = (value) => value;
const anyText = text(0, LIMITS.text);

const FIELDS: Fields = {
  trace_field: anyText,
  span_attribute: readPath,
  resource_attribute: readPath,
  scope_attribute: readPath,
  span_kind: anything,
  span_status: anything,
  event_name: anything,
  event_attribute: readPath,
  link_trace_id: anything,
};
const CONDITIONS: Fields = {
  exact: anyText,
  regex: anyText,
  exists: boolean,
  starts_with: anyText,
  ends_with: anyText,
  contains: anyText,
};
const MATCHER: Fields = { ...FIELDS, ...CONDITIONS, negate: boolean, case_insensitive: boolean };

const KINDS: readonly Kind[] = ['internal', 'server', 'client', 'producer', 'consumer'];

/** Attributes that a match has a name of its own for. */
const NAMED: Readonly<Record<string, keyof Match>> = {
  'http.request.method': 'method',
  'http.route': 'route',
  'messaging.destination.name': 'queue',
  'rpc.method': 'rpcMethod',
  'server.address': 'host',
  'url.path': 'path',
};

type Matcher = Readonly<Record<string, unknown>>;

/** Reads the matchers of a trace target: at least one; all must hold. */
export function readTraceMatchers(value: unknown, place: string, problems: Problems): TranslatedMatch {
  const before = problems.count;
  const fits = Array.isArray(value) && value.length > 0 && value.length <= LIMITS.attributes;
  problems.expect(fits, place, `to be a list of 1 to ${LIMITS.attributes} matchers`, value);
  const list = fits ? (value as readonly unknown[]) : [];
  const matchers = list.map((item, index) => readMatcher(item, `${place}[${index}]`, problems));
  const match: Record<string, unknown> = {};
  if (problems.count > before) return { match };
  for (const matcher of matchers) {
    const reason = matcher === undefined ? undefined : addTo(match, matcher);
    if (reason !== undefined) return { reason };
  }
  return { match };
}

function readMatcher(value: unknown, place: string, problems: Problems): Matcher | undefined {
  const before = problems.count;
  const read = readObject(value, place, problems, MATCHER);
  if (read === undefined || !isObject(value) || problems.count > before) return undefined;
  const fields = Object.keys(FIELDS).filter((key) => value[key] !== undefined);
  const expected = `to have exactly one of ${Object.keys(FIELDS).join(', ')}`;
  problems.expect(fields.length === 1, place, expected, fields.join(', '));
  const conditions = Object.keys(CONDITIONS).filter((key) => value[key] !== undefined);
  const isEnum = value.span_kind !== undefined || value.span_status !== undefined;
  const one = conditions.length === 1 || (isEnum && conditions.length === 0);
  problems.expect(
    one,
    place,
    `to have exactly one of ${Object.keys(CONDITIONS).join(', ')}`,
    conditions.join(', '),
  );
  if (conditions.length === 1) readTextMatch(conditionOf(read), place, problems);
  return read;
}

/** A path of an attribute: a list of keys, or `{ path: […] }`. */
function readPath(value: unknown, place: string, problems: Problems): unknown {
  const path = isObject(value) && Object.keys(value).join() === 'path' ? value.path : value;
  const keys = typeof path === 'string' ? [path] : path;
  const isKey = (key: unknown): boolean =>
    typeof key === 'string' && key !== '' && key.length <= LIMITS.attributeName;
  const fits = Array.isArray(keys) && keys.length > 0 && keys.length <= LIMITS.depth && keys.every(isKey);
  return problems.expect(fits, place, 'to be a list of keys', value) ? keys : undefined;
}

/** Adds a matcher to a match. Returns the reason if a sampler cannot evaluate it. */
function addTo(match: Record<string, unknown>, matcher: Matcher): string | undefined {
  const field = Object.keys(FIELDS).find((key) => matcher[key] !== undefined)!;
  const condition = conditionOf(matcher);
  if (field === 'span_kind') return addKind(match, matcher, condition);
  if (field === 'trace_field') {
    const name = String(matcher[field]).toLowerCase();
    return name === 'name' || name === 'trace_field_name'
      ? add(match, 'name', condition)
      : `the trace field ${name} can not be matched`;
  }
  const isAttribute = field === 'span_attribute' || field === 'resource_attribute';
  if (!isAttribute) return `a sampler does not know the ${field} of a span that starts`;
  const path = matcher[field] as readonly string[];
  const [key = ''] = path;
  if (path.length > 1) return `nested attributes, such as ${path.join('.')}, can not be matched`;
  if (field === 'span_attribute' && Object.hasOwn(NAMED, key)) return add(match, NAMED[key]!, condition);
  const group = field === 'span_attribute' ? 'attributes' : 'resource';
  const conditions = (match[group] ?? {}) as Record<string, unknown>;
  const reason = add(conditions, key, condition);
  match[group] = conditions;
  return reason;
}

function add(to: Record<string, unknown>, key: string, condition: TextCondition): string | undefined {
  if (Object.hasOwn(to, key)) return `several matchers for ${key} can not be combined`;
  Object.defineProperty(to, key, { value: condition, enumerable: true });
  return undefined;
}

/** `server`, `SPAN_KIND_SERVER`, or the number of the kind in OTLP. */
function addKind(match: Record<string, unknown>, matcher: Matcher, condition: TextCondition) {
  const given = matcher.span_kind;
  const name = String(given).toLowerCase().replace('span_kind_', '');
  const kind = typeof given === 'number' ? KINDS[given - 1] : KINDS.find((each) => each === name);
  if (kind === undefined) return `the span kind ${name} is not known`;
  if (match.kind !== undefined) return 'several matchers for span_kind can not be combined';
  if (condition.exists === undefined && Object.keys(condition).some((key) => key !== 'negate'))
    return 'a span kind can not be matched as text';
  const isInverted = (condition.exists === false) !== (condition.negate === true);
  match.kind = isInverted ? KINDS.filter((each) => each !== kind) : kind;
  return undefined;
}

/** A condition in Clew's form; `exists: true` of a kind may be missing. */
function conditionOf(matcher: Matcher): TextCondition {
  const { exact, regex, exists, starts_with: prefix, ends_with: suffix, contains } = matcher;
  const { negate, case_insensitive: ignoreCase } = matcher;
  const entries = Object.entries({ exact, regex, exists, prefix, suffix, contains, negate, ignoreCase });
  const given = entries.filter(([, value]) => value !== undefined && value !== false);
  if (exists === false) given.push(['exists', false]);
  return Object.fromEntries(given) as TextCondition;
}
