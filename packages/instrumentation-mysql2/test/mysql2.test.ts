import { join } from 'node:path';
import { type DbAdapter, dbSuite, manifestSuite } from '@clew/testing';
import { sdkRecorder } from '../../../integration-tests/opentelemetry/sdk-recorder.ts';
import { findMariadb, type Mariadb } from '../../../integration-tests/services/mariadb.ts';
import { MySQL2Instrumentation } from '../src/index.ts';
import { asConnection, instrument, type Method, queryOf, VERSIONS } from './subjects.ts';

let mariadb: Mariadb;
beforeAll(async () => {
  mariadb = await findMariadb();
});
afterAll(() => mariadb.stop());

for (const [name, version] of Object.entries(VERSIONS)) {
  for (const method of ['query', 'execute'] satisfies Method[]) {
    const openPool = async (connectionLimit: number) =>
      asConnection(version.createPool({ uri: mariadb.url, connectionLimit }), method);
    const adapter: DbAdapter = {
      name: `${name} on MariaDB with ${method}()`,
      system: 'mysql',
      placeholder: '?',
      instrument: (options) => instrument(version, options),
      functions: () => {
        const { query, execute, prepare, ping } = version.Connection.prototype;
        return [query, execute, prepare, ping, version.Pool.prototype.getConnection];
      },
      open: () => openPool(1),
      openPool,
      openDriver: async () => {
        const connection = version.createConnection(mariadb.url).promise();
        return {
          query: queryOf(connection, method),
          transaction: () => Promise.reject(new Error('not used')),
          close: () => connection.end(),
        };
      },
      countsRows: true,
      missingTableCode: '1146',
    };
    dbSuite(adapter);
    dbSuite({ ...adapter, name: `${adapter.name} and OpenTelemetry's SDK`, recorder: sdkRecorder() });
  }
}

manifestSuite(join(__dirname, '..'), { MySQL2Instrumentation });
