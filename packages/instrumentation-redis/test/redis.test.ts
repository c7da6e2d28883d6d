import { join } from 'node:path';
import { type CommandAdapter, dbCommandSuite, manifestSuite } from '@clew/testing';
import { sdkRecorder } from '../../../integration-tests/opentelemetry/sdk-recorder.ts';
import { findRedis, type Redis as Server } from '../../../integration-tests/services/redis.ts';
import { RedisInstrumentation } from '../src/index.ts';
import { asConnection, type Client, functionsOf, instrument, load, VERSIONS } from './subjects.ts';

let server: Server;
beforeAll(async () => {
  server = await findRedis();
});
afterAll(() => server.stop());

for (const [name, version] of Object.entries(VERSIONS)) {
  const adapter: CommandAdapter = {
    name,
    system: 'redis',
    read: { name: 'GET', operation: 'GET', text: 'GET clew:songs:1' },
    failureCode: 'WRONGTYPE',
    noCallbacks: 'it returns promises',
    instrument: (options) => instrument(options, version),
    functions: () => functionsOf(version),
    open: async () => {
      const client = load(version).createClient({ url: server.url }) as unknown as Client;
      await client.connect();
      await client.hSet('clew:songs:2', 'title', 'one');
      return asConnection(client);
    },
  };
  dbCommandSuite(adapter);
  dbCommandSuite({ ...adapter, name: `${name} with OpenTelemetry's SDK`, recorder: sdkRecorder() });
}

manifestSuite(join(__dirname, '..'), { RedisInstrumentation });
