import type { DbConnection } from '@clew/testing';
import knex, { type Knex } from 'knex';
import knex0 from 'knex0';
import knex1 from 'knex1';
import knex2 from 'knex2';
import { KnexInstrumentation } from '../src/index.ts';

/** Versions whose types differ in what no test looks at. */
export const VERSIONS = {
  'knex 0.95': knex0,
  'knex 1': knex1,
  'knex 2': knex2,
  'knex 3': knex,
} as unknown as Record<string, typeof knex>;

export function instrument(options: object = {}, version: typeof knex = knex) {
  const instance = new KnexInstrumentation(options);
  instance.instrument(version);
  for (const file of TRANSACTION_FILES) instance.instrument(transactionOf(version, file), 'knex', file);
  return instance;
}

const TRANSACTION_FILES = [
  'lib/execution/transaction.js',
  'lib/dialects/sqlite3/execution/sqlite-transaction.js',
];
const PACKAGES = new Map([
  [knex0, 'knex0'],
  [knex1, 'knex1'],
  [knex2, 'knex2'],
] as unknown as [typeof knex, string][]);

/** The class of transactions of a version. */
export function transactionOf(version: typeof knex, file = TRANSACTION_FILES[0]) {
  return require(`${PACKAGES.get(version) ?? 'knex'}/${file}`);
}

/** A knex as the suite drives a database. */
export function asConnection(db: Knex, close: () => Promise<void> = () => db.destroy()): DbConnection {
  const queryOf =
    (runner: Knex) =>
    async (sql: string, values: readonly unknown[] = []): Promise<unknown> =>
      runner.raw(sql, [...values] as Knex.RawBinding[]);
  return {
    query: queryOf(db),
    queryWithCallback: (sql, callback) => {
      db.raw(sql).asCallback(callback);
    },
    transaction: async (work) => {
      await db.transaction((transaction) => work(queryOf(transaction)));
    },
    close,
  };
}

export { knex };
