import { URL } from 'node:url';
import type { Database } from '@clew/core/plugin';

/** What is looked at of a knex client: one a pool, and one a transaction. */
export interface KnexClient {
  readonly dialect?: string;
  readonly driverName?: string;
  readonly config?: object;
  /** Replaced whenever a program's connection function gives new ones. */
  readonly connectionSettings?: ConnectionSettings;
}

/** What is looked at of a query: knex hands on its text alone, or an object that it made for this run. */
export type KnexQuery = string | { readonly sql: string; readonly bindings?: readonly unknown[] };

interface ConnectionSettings {
  readonly host?: string;
  /** SQL Server's word for the host. */
  readonly server?: string;
  readonly port?: number | string;
  readonly options?: { readonly port?: number };
  readonly database?: string;
  readonly filename?: string;
  readonly connectionString?: string;
  readonly uri?: string;
}

/** knex's names of dialects and drivers, as the semantic conventions call the systems. */
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

/** The database that a client's queries go to; no credentials in it. */
export function databaseOf(client: KnexClient): Database {
  const key = client.connectionSettings ?? client.config ?? client;
  let database = databases.get(key);
  if (database === undefined) {
    database = { system: systemOf(client), ...placeOf(client.connectionSettings ?? {}) };
    databases.set(key, database);
  }
  return database;
}

/** Drivers come first: MariaDB's is of the dialect `mysql`. */
function systemOf({ driverName = '', dialect = '' }: KnexClient): string {
  return SYSTEMS[driverName] ?? SYSTEMS[dialect] ?? 'other_sql';
}

function placeOf(settings: ConnectionSettings): Omit<Database, 'system'> {
  const url = URL.parse(settings.connectionString ?? settings.uri ?? '');
  const port = Number(settings.port ?? settings.options?.port ?? url?.port);
  return {
    namespace: (settings.database ?? settings.filename ?? decodedPath(url)) || undefined,
    address: (settings.host ?? settings.server ?? url?.hostname) || undefined,
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
