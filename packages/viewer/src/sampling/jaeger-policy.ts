import type { Keep, Match, Policy, TextMatch } from '@clew/sampling';

/** What Jaeger's protocol can express of a policy. */
export interface JaegerPolicy {
  /** `undefined`: every service. */
  readonly service: TextMatch | undefined;
  /** Names of root spans, such as `GET /orders/:id`; `undefined`: every operation. */
  readonly operations: readonly string[] | undefined;
  /** In [0, 1]; `undefined` where the policy only has a rate. */
  readonly ratio: number | undefined;
  readonly tracesPerSecond: number | undefined;
  readonly atLeastPerSecond: number | undefined;
}

/** A policy in Jaeger's terms, and what of it is left out, such as `onError`. */
export interface Translated {
  readonly policy: JaegerPolicy | undefined;
  readonly leftOut: readonly string[];
}

/** A route without a method becomes an operation for each of these. */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** Conditions that hold for each root span that Jaeger's samplers decide about, or are part of an operation's name. */
const EXPRESSIBLE: ReadonlySet<string> = new Set(['service', 'name', 'method', 'route', 'kind', 'origin']);

/**
 * Translates a policy into Jaeger's terms. Jaeger knows a ratio for each operation, or a ratio or a rate for a service.
 * A policy with another condition is left out as a whole, because without the condition it would apply to more traces.
 */
export function toJaegerPolicy({ match = {}, keep }: Policy): Translated {
  const conditions = unknownConditions(match);
  const operations = operationsOf(match);
  if (operations === 'unknown') conditions.push(...['name', 'method', 'route'].filter((key) => key in match));
  if (conditions.length > 0) return { policy: undefined, leftOut: conditions.map((key) => `match.${key}`) };
  const isForOperations = operations !== undefined;
  const { ratio, rest } = headOf(keep, isForOperations);
  const { tracesPerSecond, atLeastPerSecond } = isForOperations ? {} : keep;
  const says = ratio !== undefined || tracesPerSecond !== undefined;
  return {
    policy: says
      ? {
          service: match.service,
          operations: operations as string[],
          ratio,
          tracesPerSecond,
          atLeastPerSecond,
        }
      : undefined,
    leftOut: rest.map((key) => `keep.${key}`),
  };
}

function unknownConditions(match: Match): string[] {
  const unknown = Object.keys(match).filter((key) => !EXPRESSIBLE.has(key));
  // Jaeger's samplers decide about roots only.
  if (!includes(match.origin, 'root')) unknown.push('origin');
  // Routes belong to servers; without one, a condition on the kind would get lost.
  if (match.kind !== undefined && !(match.route !== undefined && includes(match.kind, 'server')))
    unknown.push('kind');
  return unknown;
}

function includes<Value extends string>(
  allowed: Value | readonly Value[] | undefined,
  value: Value,
): boolean {
  return allowed === undefined || (typeof allowed === 'string' ? allowed === value : allowed.includes(value));
}

/** The operations that a policy names; `undefined` for all. */
function operationsOf({ name, method, route }: Match): string[] | 'unknown' | undefined {
  if (name !== undefined)
    return method === undefined && route === undefined ? (exactTexts(name) ?? 'unknown') : 'unknown';
  if (route === undefined) return method === undefined ? undefined : 'unknown';
  const routes = exactTexts(route);
  const methods = method === undefined ? METHODS : exactTexts(method);
  if (routes === undefined || methods === undefined) return 'unknown';
  return routes.flatMap((path) => methods.map((verb) => `${verb} ${path}`));
}

/** The texts that a condition lists; `undefined` if it matches others, too. */
function exactTexts(condition: TextMatch): string[] | undefined {
  if (typeof condition === 'string') return /[*?]/.test(condition) ? undefined : [condition];
  if (isList(condition)) return condition.every((text) => !/[*?]/.test(text)) ? [...condition] : undefined;
  const { exact, ...modifiers } = condition;
  const isExact = Object.values(modifiers).every((value) => value === undefined || value === false);
  return exact !== undefined && isExact ? [exact] : undefined;
}

function isList(condition: TextMatch): condition is readonly string[] {
  return Array.isArray(condition);
}

/** The ratio of a policy, and the names of what Jaeger has no words for. */
function headOf(keep: Keep, isForOperations: boolean): { ratio: number | undefined; rest: string[] } {
  const rest = Object.keys(keep).filter((key) => !['ratio', 'always', 'never'].includes(key));
  const ratio = keep.never ? 0 : (keep.ratio ?? (keep.always ? 1 : undefined));
  const isExpressed = (key: string) =>
    !isForOperations &&
    ((key === 'tracesPerSecond' && keep.ratio === undefined) ||
      (key === 'atLeastPerSecond' && keep.tracesPerSecond === undefined));
  return { ratio, rest: rest.filter((key) => !isExpressed(key)) };
}
