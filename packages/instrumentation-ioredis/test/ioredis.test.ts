import { join } from 'node:path';
import { type CommandAdapter, dbCommandSuite, manifestSuite } from '@clew/testing';
import { sdkRecorder } from '../../../integration-tests/opentelemetry/sdk-recorder.ts';
import { findRedis, type Redis as Server } from '../../../integration-tests/services/redis.ts';
import { IORedisInstrumentation } from '../src/index.ts';
import { asConnection, autoPipeliningOf, instrument, load, VERSIONS } from './subjects.ts';

let server: Server;
beforeAll(async () => {
  server = await findRedis();
});
afterAll(() => server.stop());

for (const [name, version] of Object.entries(VERSIONS)) {
  const { Cluster, Pipeline, Redis } = load(version);
  for (const [how, options] of [
    ['', {}],
    [' with automatic pipelines', { enableAutoPipelining: true }],
  ] as const) {
    const adapter: CommandAdapter = {
      name: name + how,
      system: 'redis',
      read: { name: 'GET', operation: 'GET', text: 'GET clew:songs:1' },
      failureCode: 'WRONGTYPE',
      instrument: (given) => instrument(given, version),
      functions: () => [
        Redis.prototype.sendCommand,
        Redis.prototype.connect,
        Cluster.prototype.sendCommand,
        Cluster.prototype.connect,
        Pipeline.prototype.exec,
        autoPipeliningOf(version).executeWithAutoPipelining!,
      ],
      open: async () => {
        const redis = new Redis(server.url, options);
        await redis.hset('clew:songs:2', 'title', 'one');
        return asConnection(redis);
      },
    };
    dbCommandSuite(adapter);
    dbCommandSuite({ ...adapter, name: `${adapter.name} and OpenTelemetry's SDK`, recorder: sdkRecorder() });
  }
}

manifestSuite(join(__dirname, '..'), { IORedisInstrumentation });
