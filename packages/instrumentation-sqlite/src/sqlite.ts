import type { BoundValues, DbOptions, Tools } from '@clew/core/plugin';

export type SqliteTools = Tools<DbOptions>;

/** A method of a database or a statement. */
export type Method = (this: object, ...args: unknown[]) => unknown;

/** A statement, and the database that it runs on. */
export interface Statement {
  readonly sql: string | undefined;
  /** The path of the database; `undefined` if it is not known. */
  readonly path: string | undefined;
}

/** The methods that run a prepared statement. */
export const RUNS = ['run', 'get', 'all', 'iterate'] as const;

export type Run = (typeof RUNS)[number];

/** The values that are bound by position, in a list, or in an object by name. A call may mix them. */
export function boundValues(args: readonly unknown[]): BoundValues {
  if (!args.some(isGroup)) return args;
  if (args.length === 1) return args[0] as BoundValues;
  const positional = args.flat().filter((each) => !isGroup(each));
  const named = args.filter((each) => isGroup(each) && !Array.isArray(each));
  return Object.assign({}, ...named, positional);
}

function isGroup(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !ArrayBuffer.isView(value);
}

/** The number of rows in the result of a method; `undefined` for `run`, which returns none. */
export function rowsOf(run: Run, result: unknown): number | undefined {
  if (run === 'all') return Array.isArray(result) ? result.length : undefined;
  return run === 'get' ? Number(result !== undefined) : undefined;
}
