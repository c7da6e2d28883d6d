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

readmeSuite(folder, ['MULTI', 'SET', 'checkout']);

preloadSuite(
  folder,
  {
    modules: { redis: 'redis' },
    body: `
      const client = redis.createClient({ url: process.env.REDIS_URL });
      await client.connect();
      await client.get("clew:preload");
      await client.multi().get("clew:preload").exec();
      await client.disconnect();
    `,
  },
  ['GET', 'MULTI'],
);
