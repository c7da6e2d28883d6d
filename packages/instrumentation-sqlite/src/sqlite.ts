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

/** The values that are bound by position, or in an object by name. Named ones may be followed by positional ones. */
export function boundValues(args: readonly unknown[]): BoundValues {
  const [first] = args;
  const isNamed = typeof first === 'object' && first !== null && !ArrayBuffer.isView(first);
  return isNamed && args.length === 1 ? (first as BoundValues) : args;
}

/** The number of rows in the result of a method; `undefined` for `run`, which returns none. */
export function rowsOf(run: Run, result: unknown): number | undefined {
  if (run === 'all') return Array.isArray(result) ? result.length : undefined;
  return run === 'get' ? Number(result !== undefined) : undefined;
}
