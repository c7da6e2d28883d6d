import { type CommentOptions, type Database, type DbOptions, perObject, type Tools } from '@clew/core/plugin';

export type PgTools = Tools<DbOptions & CommentOptions>;

/** The used members of a client, of pg itself and of its native bindings. */
export interface Client {
  readonly host?: string;
  readonly port?: number | string;
  readonly database?: string;
  readonly connection?: { readonly parsedStatements?: Readonly<Record<string, string>> };
  readonly _queryQueue?: readonly unknown[];
  /** In pg before 8.17. */
  readonly queryQueue?: readonly unknown[];
}

/** The used members of a pool. */
export interface Pool {
  readonly options: { readonly max?: number };
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
  readonly _clients: readonly Client[];
}

/** A statement as an object, in the form that the application passes to `query`. */
export interface QueryConfig {
  readonly text?: unknown;
  readonly name?: string;
  readonly values?: unknown;
  callback?: unknown;
  readonly constructor: unknown;
}

/** A query that reports its progress itself: a `Query`, a cursor, a stream. */
export interface Submittable extends QueryConfig {
  submit(connection: unknown): unknown;
  readonly cursor?: Submittable;
  readonly errored?: unknown;
  readonly _results?: unknown;
}

interface Result {
  readonly rowCount?: number | null;
  readonly fields?: readonly unknown[];
}

/** The database of a client, without credentials. */
export const databaseOf = perObject(({ host, port, database }: Client): Database => {
  const isSocket = host?.startsWith('/');
  return {
    system: 'postgresql',
    namespace: database,
    address: host,
    port: isSocket ? undefined : Number(port),
  };
});

/** The number of rows that the statements of a query returned; `undefined` if none of them returns rows. */
export function rowsOf(results: unknown): number | undefined {
  const returning = [results as Result | Result[]].flat().filter((result) => result?.fields?.length);
  if (returning.length === 0) return undefined;
  return returning.reduce((sum, { rowCount }) => sum + (rowCount ?? 0), 0);
}

/** The statement and its bound values. A prepared statement may be given by its name alone. */
export function statementOf(client: Client, given: unknown, values: unknown) {
  const query =
    typeof given === 'string' ? { text: given } : ((given ?? {}) as QueryConfig & Partial<Submittable>);
  const { text, name = '', values: bound } = query.cursor ?? query;
  const sql = text ?? client.connection?.parsedStatements?.[name];
  const all = Array.isArray(values) ? values : bound;
  return { sql: typeof sql === 'string' ? sql : undefined, values: Array.isArray(all) ? all : undefined };
}

export function isSubmittable(query: unknown): query is Submittable {
  return typeof (query as Partial<Submittable> | null)?.submit === 'function';
}
