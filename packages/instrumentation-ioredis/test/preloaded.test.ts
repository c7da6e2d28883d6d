import { join } from 'node:path';
import { preloadSuite, readmeSuite } from '@clew/testing';
import { findRedis, type Redis as Server } from '../../../integration-tests/services/redis.ts';

const folder = join(__dirname, '..');
const { REDIS_URL } = process.env;
let server: Server;

beforeAll(async () => {
  server = await findRedis();
  process.env.REDIS_URL = server.url;
});
afterAll(async () => {
  if (REDIS_URL === undefined) delete process.env.REDIS_URL;
  else process.env.REDIS_URL = REDIS_URL;
  await server.stop();
});

readmeSuite(folder, ['PIPELINE', 'SET', 'checkout']);

preloadSuite(
  folder,
  {
    modules: { ioredis: 'ioredis' },
    body: `
      const client = new ioredis(process.env.REDIS_URL, { enableAutoPipelining: true });
      await Promise.all([client.get("clew:preload"), client.exists("clew:preload")]);
      await client.pipeline().get("clew:preload").exec();
      client.disconnect();
    `,
  },
  ['GET', 'EXISTS', 'PIPELINE'],
);
