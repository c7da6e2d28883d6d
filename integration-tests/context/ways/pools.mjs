import { TaskCarrier } from '@clew/core';
import DataLoader from 'dataloader';
import { createPool } from 'generic-pool';
import Redis from 'ioredis';
import { Pool } from 'tarn';
import { later } from './elsewhere.mjs';

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
    way: 'generic-pool, acquire',
    open: openGenericPool,
    close: (pool) => pool.drain().then(() => pool.clear()),
    async hand({ work }, pool) {
      const member = await pool.acquire();
      await later();
      work();
      await pool.release(member);
      work();
    },
  },
  {
    way: 'generic-pool, use',
    open: openGenericPool,
    close: (pool) => pool.drain().then(() => pool.clear()),
    hand: ({ work }, pool) => pool.use(() => later().then(work)),
  },
  {
    way: 'tarn',
    open: () => new Pool({ min: 0, max: 1, create: async () => ({}), destroy() {} }),
    close: (pool) => pool.destroy(),
    async hand({ work }, pool) {
      const member = await pool.acquire().promise;
      await later();
      work();
      pool.release(member);
      work();
    },
  },
  {
    way: 'dataloader, result of load()',
    open: () => new DataLoader(async (keys) => keys),
    hand: ({ work }, loader) => loader.load({}).then(work),
  },
  {
    way: 'dataloader, work for each key inside the batch',
    needs: 'TaskCarrier',
    reason:
      'one batch serves many requests and runs in the context of the first; `contextOf(key)` returns the others',
    open: () => ({
      plain: new DataLoader(async (keys) => keys.map((key) => key.work())),
      carried: new DataLoader(async (keys) => keys.map((key) => carrier.run(key, key.work))),
    }),
    hand: ({ work }, { plain }) => plain.load({ work }),
    helped: ({ work }, { carried }) => carried.load(carrier.capture({ work })),
  },
  { way: 'ioredis, commands', ...redis, hand: ({ work }, client) => client.ping().then(work) },
  {
    way: 'ioredis, callbacks',
    ...redis,
    hand: ({ work }, client) => new Promise((resolve) => client.ping(() => resolve(work()))),
  },
  {
    way: 'ioredis, pipeline and multi',
    ...redis,
    async hand({ work }, client) {
      await client.pipeline().set('clew:way', '1').get('clew:way').exec();
      work();
      await client.multi().del('clew:way').exec();
      work();
    },
  },
];

function openGenericPool() {
  return createPool({ create: async () => ({}), destroy: async () => {} }, { min: 0, max: 1 });
}
