import { join } from 'node:path';
import { dbSuite, manifestSuite } from '@clew/testing';
import { sdkRecorder } from '../../../integration-tests/opentelemetry/sdk-recorder.ts';
import { findPostgres, type Postgres } from '../../../integration-tests/services/postgres.ts';
import { createDatabase, type Database } from '../../../integration-tests/services/postgres-database.ts';
import { PgInstrumentation } from '../src/index.ts';
import { clientConnection, instrument, poolConnection, VERSIONS } from './subjects.ts';

// Other tests create a table `songs` in the usual database.
let postgres: Postgres;
let database: Database;
beforeAll(async () => {
  postgres = await findPostgres();
  database = await createDatabase(postgres);
});
afterAll(async () => {
  await database.drop();
  await postgres.stop();
});

for (const [name, version] of Object.entries(VERSIONS)) {
  const openPool = async (max: number) =>
    poolConnection(new version.Pool({ connectionString: database.url, max }));
  const openDriver = async () => {
    const client = new version.Client({ connectionString: database.url });
    await client.connect();
    return clientConnection(client);
  };
  const adapter = {
    system: 'postgresql',
    placeholder: '$1',
    countsRows: true,
    missingTableCode: '42P01',
    instrument: (options?: object) => instrument(options, version),
    functions: () => {
      const { query, connect, cancel } = version.Client.prototype as unknown as Record<string, () => void>;
      const pool = Object.getPrototypeOf(version.Pool.prototype);
      return [query!, connect!, cancel!, pool.connect, pool.newClient];
    },
    openPool,
    openDriver,
  };
  dbSuite({ ...adapter, name: `a pool of ${name}`, open: () => openPool(1) });
  dbSuite({ ...adapter, name: `a client of ${name}`, open: openDriver });
  const onSdk = { ...adapter, recorder: sdkRecorder() };
  dbSuite({ ...onSdk, name: `a pool of ${name} with OpenTelemetry's SDK`, open: () => openPool(1) });
}

manifestSuite(join(__dirname, '..'), { PgInstrumentation });
