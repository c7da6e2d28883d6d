import { carriers, carryToChild, contextFromEnvironment, type EnvironmentVariables } from '@clew/core';
import { type Context, propagation, trace } from '@opentelemetry/api';

/**
 * Returns a copy of an environment in which a child continues the context; `undefined` if the application itself
 * has set another trace for the child. Other propagation variables set by the application are kept.
 */
export function propagatedEnvironment(
  environment: EnvironmentVariables,
  from: Context,
  args?: unknown,
): EnvironmentVariables | undefined {
  const givenTrace = traceIn(environment);
  const isOtherTrace = givenTrace !== undefined && givenTrace !== trace.getSpanContext(from)?.traceId;
  if (isOtherTrace && givenTrace !== traceIn(process.env)) return undefined;
  const copy = carryToChild(environment, from, bytesOf(args));
  for (const name of propagation.fields().map(carriers.environmentName)) {
    const given = environment[name];
    if (given !== undefined && copy[name] === undefined && given !== process.env[name]) copy[name] = given;
  }
  return copy;
}

/** Like `propagatedEnvironment`, for the `NAME=value` list that Node passes to the operating system. */
export function propagatedPairs(
  pairs: readonly string[],
  from: Context,
  args?: unknown,
): string[] | undefined {
  const environment = pairs.map((pair): [string, string] => {
    // On Windows, names may begin with `=`.
    const at = pair.indexOf('=', 1);
    return [pair.slice(0, at), pair.slice(at + 1)];
  });
  const copy = propagatedEnvironment(Object.fromEntries(environment), from, args);
  return copy && Object.entries(copy).map(([name, value]) => `${name}=${value}`);
}

/** Copies an environment including inherited properties, which Node passes on, too. */
export function withInherited(environment: object): EnvironmentVariables {
  const copy: EnvironmentVariables = {};
  for (const name in environment) copy[name] = Reflect.get(environment, name);
  return copy;
}

/** Copies options, with another environment. */
export function withEnvironment(options: object | null | undefined, env: EnvironmentVariables): object {
  const copy: object = Object.create(Object.getPrototypeOf(options ?? {}));
  return Object.assign(copy, options, { env });
}

/** The bytes that the operating system counts for a process's arguments. */
function bytesOf(args: unknown): number {
  if (!Array.isArray(args)) return 0;
  return args.reduce((bytes: number, argument) => bytes + carriers.headerBytes('', String(argument)), 0);
}

function traceIn(environment: EnvironmentVariables): string | undefined {
  return trace.getSpanContext(contextFromEnvironment(environment))?.traceId;
}
