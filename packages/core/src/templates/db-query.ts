/** The database that queries are sent to, in the terms of the semantic conventions. */
export interface Database {
  /** `db.system.name`: `postgresql`, `mysql`, `sqlite`. */
  readonly system: string;
  readonly namespace?: string | undefined;
  readonly address?: string | undefined;
  readonly port?: number | undefined;
}

/** The bound values of a query, by position or by name. */
export type BoundValues = readonly unknown[] | Readonly<Record<string, unknown>>;

/**
 * A command of a database that is not queried in SQL. Give the same object for the same command where that is possible:
 * the attributes are created once for each object.
 */
export interface DbCommand {
  /** `db.operation.name`: `GET`, `findAndModify`. */
  readonly operation: string;
  readonly collection?: string | undefined;
  /** `db.query.text` without any value of the application: `SET songs:1 ?`. */
  readonly text?: string | undefined;
  /** Whether the name of the operation already means a batch, so that it needs no prefix `BATCH`. */
  readonly isBatch?: boolean | undefined;
  /** The span's name, and what `ignore` is compared with; by default operation and collection. */
  readonly summary?: string | undefined;
}

interface QueryParts {
  readonly database: Database;
  /** `db.query.text` of a command whose text differs each time, because it has names of keys. */
  readonly text?: string | undefined;
  /** `db.stored_procedure.name`: the name or digest of the script or function that is called. */
  readonly storedProcedure?: string | undefined;
  /** The bound values. Removed from error messages, and recorded only if the option `recordParameters` names them. */
  readonly values?: BoundValues | undefined;
  /** Returns the error to record for one that the library gave; `undefined` if that is not a failure of the query. */
  readonly failureOf?: ((error: unknown) => unknown) | undefined;
  /** The number of queries that are sent as one batch; recorded if it is 2 or more. */
  readonly batchSize?: number | undefined;
  /** The connection, if it comes from a pool whose waits are measured: see `db.startAcquire`. */
  readonly connection?: object | undefined;
}

/** One query of an application: a statement with its placeholders, or a command of a database without SQL. */
export type DbQuery = QueryParts &
  (
    | { readonly sql: string | undefined; readonly command?: undefined }
    | { readonly command: DbCommand; readonly sql?: undefined }
  );

/** The name by which the metrics of a pool are grouped: `localhost:5432/shop`, or the name of the system. */
export function poolNameOf({ system, namespace, address, port }: Database): string {
  const server = [address, port].filter((part) => part !== undefined).join(':');
  return [server, namespace].filter(Boolean).join('/') || system;
}
