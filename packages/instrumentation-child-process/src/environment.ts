import { carryToChild, contextFromEnvironment, type EnvironmentVariables } from '@clew/core';
import { environmentName, headerBytes } from '@clew/core/internal';
import { type Context, propagation, trace } from '@opentelemetry/api';

/**
 * A copy of an environment in which a child continues the context. Nothing where the program has said itself which
 * other trace the child continues; what it has said besides stays.
 */
export function carried(
  environment: EnvironmentVariables,
  from: Context,
  args?: unknown,
): EnvironmentVariables | undefined {
  const said = traceIn(environment);
  const isOthers = said !== undefined && said !== trace.getSpanContext(from)?.traceId;
  if (isOthers && said !== traceIn(process.env)) return undefined;
  const copy = carryToChild(environment, from, bytesOf(args));
  for (const name of propagation.fields().map(environmentName)) {
    const given = environment[name];
    if (given !== undefined && copy[name] === undefined && given !== process.env[name]) copy[name] = given;
  }
  return copy;
}

/** As `carried`, for the list of `NAME=value` in which Node hands an environment to the system. */
export function carriedPairs(pairs: readonly string[], from: Context, args?: unknown): string[] | undefined {
  const environment = pairs.map((pair): [string, string] => {
    // On Windows there are names that begin with `=`.
    const at = pair.indexOf('=', 1);
    return [pair.slice(0, at), pair.slice(at + 1)];
  });
  const copy = carried(Object.fromEntries(environment), from, args);
  return copy && Object.entries(copy).map(([name, value]) => `${name}=${value}`);
}

/** All that a child gets: Node takes what an environment has from its prototype, too. */
export function flat(environment: object): EnvironmentVariables {
  const copy: EnvironmentVariables = {};
  for (const name in environment) copy[name] = Reflect.get(environment, name);
  return copy;
}

/** A copy of options with another environment. */
export function withEnvironment(options: object | null | undefined, env: EnvironmentVariables): object {
  const copy: object = Object.create(Object.getPrototypeOf(options ?? {}));
  return Object.assign(copy, options, { env });
}

/** What the system counts for a process's arguments. */
function bytesOf(args: unknown): number {
  if (!Array.isArray(args)) return 0;
  return args.reduce((bytes: number, argument) => bytes + headerBytes('', String(argument)), 0);
}

function traceIn(environment: EnvironmentVariables): string | undefined {
  return trace.getSpanContext(contextFromEnvironment(environment))?.traceId;
}
