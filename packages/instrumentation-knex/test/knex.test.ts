import { join } from 'node:path';
import { type DbAdapter, dbSuite, manifestSuite } from '@clew/testing';
import type { Knex } from 'knex';
import ClientPgLite from 'knex-pglite';
import { sdkRecorder } from '../../../integration-tests/opentelemetry/sdk-recorder.ts';
import { findMariadb, type Mariadb } from '../../../integration-tests/services/mariadb.ts';
import { findPostgres, type Postgres } from '../../../integration-tests/services/postgres.ts';
import { KnexInstrumentation } from '../src/index.ts';
import { knexOn, openPglite } from './pglite.ts';
import { asConnection, instrument, knex, transactionOf, VERSIONS } from './subjects.ts';

let postgres: Postgres;
let mariadb: Mariadb;
const pglite = openPglite();
const byDialect = knex({ client: ClientPgLite, connection: { pglite: openPglite() } as object });

beforeAll(async () => {
  [postgres, mariadb] = await Promise.all([findPostgres(), findMariadb()]);
});
afterAll(async () => {
  await byDialect.destroy();
  await pglite.close();
  await Promise.all([postgres.stop(), mariadb.stop()]);
});

const functionsOf = (version: typeof knex) => () => {
  const { query, stream, acquireConnection } = version.Client.prototype;
  return [query, stream, acquireConnection, transactionOf(version).prototype._evaluateContainer];
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
  countsRows: true,
  missingTableCode: '42P01',
  ...rest,
});

for (const [name, version] of Object.entries(VERSIONS)) {
  const open = (max = 2) => version({ client: 'pg', connection: postgres.url, pool: { min: 0, max } });
  const openPool = async (size: number) => asConnection(open(size));
  dbSuite(adapter(`${name} on PostgreSQL`, open, { openPool }, version));
  const recorder = sdkRecorder();
  dbSuite(adapter(`${name} with OpenTelemetry's SDK`, open, { openPool, recorder }, version));
}

dbSuite(adapter('knex on PGlite', () => knexOn(pglite)));

// It closes its database with itself.
const staysOpen = async () => asConnection(byDialect, async () => {});
dbSuite(adapter('knex-pglite', () => byDialect, { open: staysOpen }));

const sqlite = { client: 'better-sqlite3', connection: { filename: ':memory:' }, useNullAsDefault: true };
dbSuite(
  adapter('knex on SQLite', () => knex(sqlite), { system: 'sqlite', missingTableCode: 'SQLITE_ERROR' }),
);

const mysql = (max = 2) => knex({ client: 'mysql2', connection: mariadb.url, pool: { min: 0, max } });
dbSuite(
  adapter('knex on MariaDB', mysql, {
    system: 'mysql',
    missingTableCode: '1146',
    openPool: async (size) => asConnection(mysql(size)),
  }),
);

manifestSuite(join(__dirname, '..'), { KnexInstrumentation });
