import { URL } from 'node:url';
import { type Database, urlServer } from '@clew/core/plugin';

/** The used members of a knex client. There is one client for each pool and one for each transaction. */
export interface KnexClient {
  readonly dialect?: string;
  readonly driverName?: string;
  readonly config?: object;
  /** Replaced whenever the application's connection function returns new settings. */
  readonly connectionSettings?: ConnectionSettings;
}

/** The used members of a query: knex passes its text, or an object that it created for this run. */
export type KnexQuery = string | { readonly sql: string; readonly bindings?: readonly unknown[] };

interface ConnectionSettings {
  readonly host?: string;
  /** The host, for SQL Server. */
  readonly server?: string;
  readonly port?: number | string;
  readonly options?: { readonly port?: number };
  readonly database?: string;
  readonly filename?: string;
  readonly connectionString?: string;
  readonly uri?: string;
}

/** `db.system.name` by knex's names of dialects and drivers. */
const SYSTEMS: Readonly<Record<string, string>> = {
  cockroachdb: 'cockroachdb',
  mariadb: 'mariadb',
  mssql: 'microsoft.sql_server',
  mysql: 'mysql',
  oracle: 'oracle.db',
  postgresql: 'postgresql',
  redshift: 'aws.redshift',
  sqlite3: 'sqlite',
};

const databases = new WeakMap<object, Database>();

/** The database of a client, without credentials. */
export function databaseOf(client: KnexClient): Database {
  const key = client.connectionSettings ?? client.config ?? client;
  let database = databases.get(key);
  if (database === undefined) {
    database = { system: systemOf(client), ...addressOf(client.connectionSettings ?? {}) };
    databases.set(key, database);
  }
  return database;
}

/** The driver takes precedence: MariaDB's driver has the dialect `mysql`. */
function systemOf({ driverName = '', dialect = '' }: KnexClient): string {
  return SYSTEMS[driverName] ?? SYSTEMS[dialect] ?? 'other_sql';
}

function addressOf(settings: ConnectionSettings): Omit<Database, 'system'> {
  const url = URL.parse(settings.connectionString ?? settings.uri ?? '');
  const named = url === null ? undefined : urlServer(url);
  const port = Number(settings.port ?? settings.options?.port ?? named?.port);
  return {
    namespace: (settings.database ?? settings.filename ?? decodedPath(url)) || undefined,
    address: (settings.host ?? settings.server ?? named?.address) || undefined,
    port: port > 0 ? port : undefined,
  };
}

function decodedPath(url: URL | null): string | undefined {
  const path = url?.pathname.slice(1);
  try {
    return path && decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** The number of rows in what a query resolves to: drivers differ in where they put them. */
export function rowsOf({ dialect }: KnexClient, result: unknown): number | undefined {
  const { response } = (result ?? {}) as { readonly response?: unknown };
  if (typeof response !== 'object' || response === null) return undefined;
  if (dialect === 'mysql') return lengthOf(Reflect.get(response, 0));
  const { rows, fields } = response as { readonly rows?: unknown; readonly fields?: unknown };
  const count = lengthOf(rows ?? response);
  // A statement without rows has no fields, and `pg` gives it an empty list.
  return rows !== undefined && count === 0 && !lengthOf(fields) ? undefined : count;
}

function lengthOf(value: unknown): number | undefined {
  return Array.isArray(value) ? value.length : undefined;
}
