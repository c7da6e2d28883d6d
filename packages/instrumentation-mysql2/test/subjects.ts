import type { DbConnection, RunQuery } from '@clew/testing';
import mysql2, { type Pool } from 'mysql2';
import oldest from 'mysql2-3.0';
import lastWithoutChannels from 'mysql2-3.19';
import firstWithChannels from 'mysql2-3.20';
import { MySQL2Instrumentation } from '../src/index.ts';

/** The main module; its declarations lack the class of pools. */
export type Mysql2 = typeof mysql2 & { readonly Pool: { readonly prototype: Pool } };

/** Versions whose types differ in what no test looks at. */
export const VERSIONS = {
  'mysql2 3.0': oldest,
  'mysql2 3.19': lastWithoutChannels,
  'mysql2 3.20': firstWithChannels,
  'mysql2 3.24': mysql2,
} as unknown as Record<string, Mysql2>;

export type Method = 'query' | 'execute';

type Runner = Pick<ReturnType<Pool['promise']>, 'query' | 'execute'>;

export function instrument(version: Mysql2, options: object = {}) {
  const plugin = new MySQL2Instrumentation(options);
  plugin.instrument(version);
  return plugin;
}

/** Runs statements with one of the methods. */
export function queryOf(runner: Runner, method: Method): RunQuery {
  return (sql, values = []) =>
    method === 'query' ? runner.query(sql, [...values]) : runner.execute(sql, [...values] as string[]);
}

/** A pool as the suite drives a database. */
export function asConnection(pool: Pool, method: Method): DbConnection {
  return {
    query: queryOf(pool.promise(), method),
    queryWithCallback: (sql, callback) => pool[method](sql, callback),
    transaction: async (work) => {
      const connection = await pool.promise().getConnection();
      try {
        await connection.query('BEGIN');
        await work(queryOf(connection, method));
        await connection.query('COMMIT');
      } catch (error) {
        await connection.query('ROLLBACK');
        throw error;
      } finally {
        connection.release();
      }
    },
    close: () => pool.promise().end(),
  };
}
