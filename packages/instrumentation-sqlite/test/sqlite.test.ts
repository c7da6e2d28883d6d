import { join } from 'node:path';
import * as nodeSqlite from 'node:sqlite';
import { type DbAdapter, type DbConnection, dbSuite, manifestSuite } from '@clew/testing';
import { sdkRecorder } from '../../../integration-tests/opentelemetry/sdk-recorder.ts';
import { SqliteInstrumentation } from '../src/index.ts';

interface BetterSqliteClass {
  new (path: string): { prepare(sql: string): unknown; close(): unknown };
  readonly prototype: Readonly<Record<'exec' | 'prepare' | 'pragma' | 'transaction', () => unknown>>;
}

const BetterSqlite = jest.requireActual<BetterSqliteClass>('better-sqlite3');

interface Statement {
  all(...values: unknown[]): unknown;
  run(...values: unknown[]): unknown;
}

function connectionOf(db: { prepare(sql: string): unknown; close(): unknown }): DbConnection {
  const query = async (sql: string, values: readonly unknown[] = []) => {
    const statement = db.prepare(sql) as Statement;
    return sql.startsWith('SELECT') ? statement.all(...values) : statement.run(...values);
  };
  return {
    query,
    transaction: async (work) => {
      await query('BEGIN');
      try {
        await work(query);
        await query('COMMIT');
      } catch (error) {
        await query('ROLLBACK');
        throw error;
      }
    },
    close: async () => void db.close(),
  };
}

const adapter = (
  rest: Pick<DbAdapter, 'name' | 'instrument' | 'functions' | 'open' | 'missingTableCode'>,
): DbAdapter => ({
  system: 'sqlite',
  placeholder: '?',
  noCallbacks: 'it is synchronous',
  countsRows: true,
  openDriver: rest.open,
  ...rest,
});

const run = (each: DbAdapter) => {
  dbSuite(each);
  dbSuite({ ...each, name: `${each.name} with OpenTelemetry's SDK`, recorder: sdkRecorder() });
};

run(
  adapter({
    name: 'node:sqlite',
    instrument: (options) => {
      const plugin = new SqliteInstrumentation(options);
      plugin.instrument(nodeSqlite);
      return plugin;
    },
    functions: () => {
      const { exec, prepare } = nodeSqlite.DatabaseSync.prototype;
      const { run, get, all, iterate } = nodeSqlite.StatementSync.prototype;
      return [exec, prepare, run, get, all, iterate];
    },
    open: async () => connectionOf(new nodeSqlite.DatabaseSync(':memory:')),
    missingTableCode: '1',
  }),
);

run(
  adapter({
    name: 'better-sqlite3',
    instrument: (options) => {
      const plugin = new SqliteInstrumentation(options);
      plugin.instrument(BetterSqlite, 'better-sqlite3');
      return plugin;
    },
    functions: () => {
      const { exec, prepare, pragma, transaction } = BetterSqlite.prototype;
      return [exec, prepare, pragma, transaction];
    },
    open: async () => connectionOf(new BetterSqlite(':memory:')),
    missingTableCode: 'SQLITE_ERROR',
  }),
);

manifestSuite(join(__dirname, '..'), { SqliteInstrumentation });
