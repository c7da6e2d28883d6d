import { TaskCarrier } from '@clew/core';
import DataLoader from 'dataloader';
import { createPool } from 'generic-pool';
import Redis from 'ioredis';
import { Pool } from 'tarn';
import { nextTurn } from './across-requests.mjs';

const carrier = new TaskCarrier();
const redisUrl = process.env.REDIS_URL;
const noRedis = redisUrl ? undefined : 'no Redis: set REDIS_URL, or install redis-server';
const redis = {
  skip: noRedis,
  open: () => new Redis(redisUrl, { lazyConnect: true }),
  close: (client) => client.quit(),
};

export default [
  {
    name: 'generic-pool, acquire',
    open: openGenericPool,
    close: (pool) => pool.drain().then(() => pool.clear()),
    async run({ work }, pool) {
      const member = await pool.acquire();
      await nextTurn();
      work();
      await pool.release(member);
      work();
    },
  },
  {
    name: 'generic-pool, use',
    open: openGenericPool,
    close: (pool) => pool.drain().then(() => pool.clear()),
    run: ({ work }, pool) => pool.use(() => nextTurn().then(work)),
  },
  {
    name: 'tarn',
    open: () => new Pool({ min: 0, max: 1, create: async () => ({}), destroy() {} }),
    close: (pool) => pool.destroy(),
    async run({ work }, pool) {
      const member = await pool.acquire().promise;
      await nextTurn();
      work();
      pool.release(member);
      work();
    },
  },
  {
    name: 'dataloader, result of load()',
    open: () => new DataLoader(async (keys) => keys),
    run: ({ work }, loader) => loader.load({}).then(work),
  },
  {
    name: 'dataloader, work for each key inside the batch',
    needs: 'TaskCarrier',
    reason:
      'one batch serves many requests and runs in the context of the first; `contextOf(key)` returns the others',
    open: () => ({
      plain: new DataLoader(async (keys) => keys.map((key) => key.work())),
      carried: new DataLoader(async (keys) => keys.map((key) => carrier.run(key, key.work))),
    }),
    run: ({ work }, { plain }) => plain.load({ work }),
    runWithHelp: ({ work }, { carried }) => carried.load(carrier.capture({ work })),
  },
  { name: 'ioredis, commands', ...redis, run: ({ work }, client) => client.ping().then(work) },
  {
    name: 'ioredis, callbacks',
    ...redis,
    run: ({ work }, client) => new Promise((resolve) => client.ping(() => resolve(work()))),
  },
  {
    name: 'ioredis, pipeline and multi',
    ...redis,
    async run({ work }, client) {
      await client.pipeline().set('clew:case', '1').get('clew:case').exec();
      work();
      await client.multi().del('clew:case').exec();
      work();
    },
  },
];

function openGenericPool() {
  return createPool({ create: async () => ({}), destroy: async () => {} }, { min: 0, max: 1 });
}
