import { join } from 'node:path';
import { type DbAdapter, dbSuite, manifestSuite } from '@clew/testing';
import type { Knex } from 'knex';
import ClientPgLite from 'knex-pglite';
import { findMariadb, type Mariadb } from '../../../integration-tests/services/mariadb.ts';
import { findPostgres, type Postgres } from '../../../integration-tests/services/postgres.ts';
import { KnexInstrumentation } from '../src/index.ts';
import { knexOn, openPglite } from './pglite.ts';
import { asConnection, instrument, knex, VERSIONS } from './subjects.ts';

let postgres: Postgres;
let mariadb: Mariadb;
const pglite = openPglite();
const byDialect = knex({ client: ClientPgLite, connection: { pglite: openPglite() } as object });

beforeAll(async () => {
  [postgres, mariadb] = await Promise.all([findPostgres(), findMariadb()]);
}, 60_000);
afterAll(async () => {
  await byDialect.destroy();
  await pglite.close();
  await Promise.all([postgres.stop(), mariadb.stop()]);
});

const functionsOf = (version: typeof knex) => () => {
  const { query, stream, acquireConnection } = version.Client.prototype;
  return [query, stream, acquireConnection];
};

const adapter = (
  name: string,
  open: () => Knex,
  rest: Partial<DbAdapter> = {},
  version = knex,
): DbAdapter => ({
  name,
  system: 'postgresql',
  placeholder: '?',
  instrument: (options) => instrument(options, version),
  functions: functionsOf(version),
  open: async () => asConnection(open()),
  ...rest,
});

for (const [name, version] of Object.entries(VERSIONS)) {
  const open = () => version({ client: 'pg', connection: postgres.url, pool: { min: 0, max: 2 } });
  dbSuite(adapter(`${name} on PostgreSQL`, open, {}, version));
}

dbSuite(adapter('knex on PGlite', () => knexOn(pglite)));

// It closes its database with itself.
const staysOpen = async () => asConnection(byDialect, async () => {});
dbSuite(adapter('knex-pglite', () => byDialect, { open: staysOpen }));

const sqlite = { client: 'better-sqlite3', connection: { filename: ':memory:' }, useNullAsDefault: true };
dbSuite(adapter('knex on SQLite', () => knex(sqlite), { system: 'sqlite' }));

const mysql = () => knex({ client: 'mysql2', connection: mariadb.url, pool: { min: 0, max: 2 } });
dbSuite(adapter('knex on MariaDB', mysql, { system: 'mysql' }));

manifestSuite(join(__dirname, '..'), { KnexInstrumentation });
