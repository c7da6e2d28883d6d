import type { DbConnection, RunQuery } from '@clew/testing';
import type { Client, Pool } from 'pg';
import * as pg from 'pg';
import { PgInstrumentation } from '../src/index.ts';

/** The part of a version of pg that the tests use. */
export type Pg = Pick<typeof pg, 'Client' | 'Pool' | 'Query'>;

/** Versions whose types differ in what no test looks at. */
export const VERSIONS: Readonly<Record<string, Pg>> = {
  'pg 8.0': require('pg-8.0'),
  'pg 8.11': require('pg-8.11'),
  'pg 8.23': pg,
};

/** Patches a version of pg, with the pg-pool that it uses. */
export function instrument(options: object = {}, version: Pg = pg): PgInstrumentation {
  const instance = new PgInstrumentation(options);
  instance.instrument(version);
  return instance;
}

const queryOf =
  (runner: Pick<Client, 'query'>): RunQuery =>
  (sql, values = []) =>
    values.length === 0 ? runner.query(sql) : runner.query(sql, [...values]);

/** A client, or a client of a pool, as the suite uses a database. */
export function clientConnection(
  client: Client,
  close: () => Promise<void> = () => client.end(),
): DbConnection {
  const query = queryOf(client);
  return {
    query,
    queryWithCallback: (sql, callback) => client.query(sql, callback),
    transaction: async (work) => {
      await client.query('BEGIN');
      try {
        await work(query);
        await client.query('COMMIT');
      } catch (error) {
        await client.query('ROLLBACK');
        throw error;
      }
    },
    close,
  };
}

/** A pool as the suite uses a database. */
export function poolConnection(pool: Pool): DbConnection {
  return {
    query: queryOf(pool),
    queryWithCallback: (sql, callback) => pool.query(sql, callback),
    transaction: async (work) => {
      const client = await pool.connect();
      try {
        await clientConnection(client as unknown as Client).transaction(work);
      } finally {
        client.release();
      }
    },
    close: () => pool.end(),
  };
}
