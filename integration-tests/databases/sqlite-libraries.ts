import * as nodeSqlite from 'node:sqlite';
import { SqliteInstrumentation } from '@clew/instrumentation-sqlite';

/** What both libraries have in common. */
export interface Database {
  exec(sql: string): unknown;
  prepare(sql: string): Statement;
  function(name: string, fn: (...args: never[]) => unknown): unknown;
  close(): unknown;
}

export interface Statement {
  run(...values: unknown[]): unknown;
  get(...values: unknown[]): unknown;
  all(...values: unknown[]): unknown[];
  iterate(...values: unknown[]): IterableIterator<unknown>;
}

export interface Library {
  readonly name: string;
  open(path: string): Database;
  /** The code of a violated primary key, of a syntax error, and of a locked database. */
  readonly codes: { readonly key: string; readonly error: string; readonly busy: string };
  instrument(options?: object): SqliteInstrumentation;
}

const BetterSqlite = jest.requireActual<new (path: string, options: object) => Database>('better-sqlite3');

export const LIBRARIES: readonly Library[] = [
  {
    name: 'node:sqlite',
    open: (path) => new nodeSqlite.DatabaseSync(path) as unknown as Database,
    codes: { key: '1555', error: '1', busy: '5' },
    instrument: (options) => instrument(nodeSqlite, 'node:sqlite', options),
  },
  {
    name: 'better-sqlite3',
    open: (path) => new BetterSqlite(path, { timeout: 0 }),
    codes: { key: 'SQLITE_CONSTRAINT_PRIMARYKEY', error: 'SQLITE_ERROR', busy: 'SQLITE_BUSY' },
    instrument: (options) => instrument(BetterSqlite, 'better-sqlite3', options),
  },
];

function instrument(moduleExports: unknown, name: string, options: object = {}): SqliteInstrumentation {
  const plugin = new SqliteInstrumentation(options);
  plugin.instrument(moduleExports, name);
  return plugin;
}
