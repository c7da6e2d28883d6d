import { Redis } from 'ioredis';
import { findRedis, startRedis } from './redis.ts';

test('an installed Redis is started, accepts commands, starts again, and is removed when it is stopped', async () => {
  const server = await startRedis();
  const redis = new Redis(server.url, { retryStrategy: () => 20 });
  redis.on('error', () => {});
  expect(await redis.set('song', 'one')).toBe('OK');
  await server.kill();
  await server.start();
  expect(await redis.get('song')).toBeNull();
  redis.disconnect();
  await server.stop();
  const refused = new Redis(server.url, { retryStrategy: null, lazyConnect: true });
  refused.on('error', () => {});
  await expect(refused.connect()).rejects.toThrow('Connection is closed');
});

test('an unreachable server in the environment is reported without its password', async () => {
  const { REDIS_URL } = process.env;
  process.env.REDIS_URL = 'redis://app:s3cr3t@127.0.0.1:1';
  try {
    await expect(findRedis()).rejects.toThrow(
      'Redis at redis://127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1',
    );
  } finally {
    if (REDIS_URL === undefined) delete process.env.REDIS_URL;
    else process.env.REDIS_URL = REDIS_URL;
  }
});
