import { IORedisInstrumentation } from '@clew/instrumentation-ioredis';
import { RedisInstrumentation } from '@clew/instrumentation-redis';
import { recordSpans } from '@clew/testing';
import Redis from 'ioredis';
import { createClient, createCluster } from 'redis';
import { type OwnRedis, startRedis } from '../services/redis.ts';

// Unix sockets, other databases, clusters and sentinels.

const recorder = recordSpans();
const host = '127.0.0.1';
let plain: OwnRedis;
let node: OwnRedis;
let sentinel: OwnRedis;
let plugins: { disable(): void }[];

beforeAll(async () => {
  [plain, node, sentinel] = await Promise.all([
    startRedis(),
    startRedis('--cluster-enabled', 'yes', '--cluster-announce-ip', host),
    startRedis('--sentinel'),
  ]);
  const [first, watcher] = [new Redis.Redis(node.port), new Redis.Redis(sentinel.port)];
  await first.cluster('ADDSLOTSRANGE', 0, 16383);
  while (!String(await first.cluster('INFO')).includes('cluster_state:ok'));
  await watcher.call('SENTINEL', 'MONITOR', 'songs', host, plain.port, 1);
  first.disconnect();
  watcher.disconnect();
});
afterAll(() => Promise.all([plain.stop(), node.stop(), sentinel.stop()]));
beforeEach(() => {
  const ioredis = new IORedisInstrumentation();
  ioredis.instrument(Redis);
  plugins = [ioredis, new RedisInstrumentation()];
});
afterEach(() => {
  for (const plugin of plugins) plugin.disable();
});

/** The name and place of each span. */
const places = () =>
  recorder
    .spans()
    .map(({ name, attributes }) => [
      name,
      attributes['server.address'],
      attributes['server.port'],
      attributes['db.namespace'],
    ]);

test('ioredis: a Unix socket, and a database that is selected later', async () => {
  const redis = new Redis.Redis(plain.socket, { db: 2 });
  await redis.get('song');
  await redis.select(3);
  await redis.get('song');
  redis.disconnect();
  expect(places()).toEqual([
    ['GET', plain.socket, undefined, '2'],
    ['SELECT', plain.socket, undefined, '2'],
    ['GET', plain.socket, undefined, '3'],
  ]);
});

test('ioredis: a command of a cluster has the node that it was sent to, and the client’s own have no span', async () => {
  const cluster = new Redis.Cluster([{ host, port: node.port }]);
  await cluster.set('song', 'one');
  await cluster.pipeline().get('song').del('song').exec();
  cluster.disconnect();
  expect(places()).toEqual([
    ['SET', host, node.port, undefined],
    ['PIPELINE', undefined, undefined, undefined],
  ]);
});

test('ioredis: sentinels name the server', async () => {
  const redis = new Redis.Redis({ sentinels: [{ host, port: sentinel.port }], name: 'songs' });
  await redis.ping();
  await redis.get('song');
  redis.disconnect();
  expect(places().at(-1)).toEqual(['GET', host, plain.port, '0']);
  expect(places()).toHaveLength(2);
});

test('node-redis: a Unix socket, and a database that is selected later', async () => {
  const client = createClient({ socket: { path: plain.socket, tls: false }, database: 2 });
  await client.connect();
  await client.get('song');
  await client.select(3);
  await client.get('song');
  await client.disconnect();
  expect(places()).toEqual([
    ['GET', plain.socket, undefined, '2'],
    ['SELECT', plain.socket, undefined, '2'],
    ['GET', plain.socket, undefined, '3'],
  ]);
});

test('node-redis: a command of a cluster has the node that it was sent to', async () => {
  const cluster = createCluster({ rootNodes: [{ url: node.url }] });
  await cluster.connect();
  recorder.reset();
  await cluster.set('song', 'one');
  await cluster.multi().get('song').del('song').exec();
  await cluster.close();
  expect(places()).toEqual([
    ['SET', host, node.port, '0'],
    ['MULTI', host, node.port, '0'],
  ]);
});
