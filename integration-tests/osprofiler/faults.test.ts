// Stores that cannot be reached, fail or are full do not affect the service.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { osprofilerPoints } from '@clew/osprofiler';
import { Redis } from 'ioredis';
import { receivedSpan } from '../../packages/osprofiler/test/points/make-span.ts';
import { freePorts } from '../services/free-ports.ts';
import { type OwnRedis, startRedis } from '../services/redis.ts';
import { TracedService } from './traced-service.ts';

const newIds = () => ({ base_id: randomUUID(), parent_id: randomUUID() });
const OK = { status: 200, body: '{"one":1}' };

/** An unreachable store delays the end of a process by about two seconds; more on a busy machine, but not for ever. */
const MAX_EXIT_MS = 15_000;

async function stopped(service: TracedService) {
  const begin = performance.now();
  const { code, stderr } = await service.stop();
  expect(performance.now() - begin).toBeLessThan(MAX_EXIT_MS);
  return { code, lines: stderr.trim().split('\n') };
}

describe.each([
  ['redis', 'Redis'],
  ['postgresql', 'PostgreSQL'],
  ['mysql', 'MySQL'],
  ['amqp', 'an AMQP broker'],
])('%s://', (scheme) => {
  test('refused connections: the service responds and ends as without Clew, and logs one line', async () => {
    const [port] = await freePorts(1);
    const service = await TracedService.start({ points: `${scheme}://127.0.0.1:${port}` });
    expect(await service.get('/', newIds())).toEqual(OK);
    const { code, lines } = await stopped(service);
    expect({ code, lines }).toEqual({ code: 0, lines: [expect.stringContaining('cannot be reached')] });
    expect(lines[0]).toContain(`127.0.0.1:${port}`);
  });

  test('a server that never responds: the same', async () => {
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => sockets.add(socket.on('error', () => {})));
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const service = await TracedService.start({ points: `${scheme}://127.0.0.1:${port}` });
    try {
      expect(await service.get('/', newIds())).toEqual(OK);
      const { code, lines } = await stopped(service);
      expect(code).toBe(0);
      // If the flush ends first, nothing is known about the store.
      for (const line of lines) expect(line).toMatch(/^$|cannot be reached|did not finish within/);
    } finally {
      for (const socket of sockets) socket.destroy();
      silent.close();
    }
  });
});

describe('Redis', () => {
  let redis: OwnRedis;
  let client: Redis;

  beforeAll(async () => {
    redis = await startRedis();
    client = new Redis(redis.url, { lazyConnect: true });
    client.on('error', () => {});
  });
  afterAll(async () => {
    client.disconnect();
    await redis.stop();
  });

  test('a server that was restarted gets the points of later requests', async () => {
    const processor = osprofilerPoints(redis.url);
    const [before, after] = [newIds(), newIds()];
    processor.onEnd(receivedSpan(before));
    await processor.forceFlush();
    expect(processor.stats()).toMatchObject({ written: 1 });
    await redis.kill();
    processor.onEnd(receivedSpan(newIds()));
    await processor.forceFlush();
    await redis.start();
    processor.onEnd(receivedSpan(after));
    await processor.forceFlush();
    await processor.shutdown();
    expect(await client.llen(`osprofiler_opt:${after.base_id}`)).toBe(2);
    const { written, waiting, dropped } = processor.stats();
    expect({ waiting, all: written + dropped.failed }).toEqual({ waiting: 0, all: 3 });
  });

  test('a trace has at most maxPointsPerTrace points, always both of a span, and expires', async () => {
    const processor = osprofilerPoints(redis.url, { maxPointsPerTrace: 5, expireSeconds: 60 });
    const [large, small] = [newIds(), newIds()];
    for (let i = 0; i < 4; i++) processor.onEnd(receivedSpan(large));
    processor.onEnd(receivedSpan(small));
    await processor.forceFlush();
    processor.onEnd(receivedSpan(large));
    await processor.shutdown();
    const key = `osprofiler_opt:${large.base_id}`;
    const names = (await client.lrange(key, 0, -1)).map((each) => JSON.parse(each).name);
    expect(names).toEqual(['work-stop', 'work-start', 'work-stop', 'work-start']);
    expect(await client.llen(`osprofiler_opt:${small.base_id}`)).toBe(2);
    expect(await client.ttl(key)).toBeGreaterThan(50);
    expect(processor.stats()).toMatchObject({ written: 3, dropped: { traceFull: 3 } });
  });
});

test.each([
  [{ CLEW_OSPROFILER_POINTS: 'mongodb://127.0.0.1' }, /CLEW_OSPROFILER_POINTS is ignored: .* got "mongodb:/],
  [
    { CLEW_OSPROFILER_TRACES: 'some' },
    /is ignored: .*expected traces to be "osprofiler" \| "all", got "some"/,
  ],
])('an invalid variable (%j) is ignored with one line, and the service runs', async (variables, line) => {
  const service = await TracedService.start({ points: 'redis://127.0.0.1:1', variables });
  expect(await service.get('/', newIds())).toEqual(OK);
  const { code, stderr } = await service.stop();
  expect({ code, lines: stderr.trim().split('\n') }).toEqual({
    code: 0,
    lines: [expect.stringMatching(line)],
  });
});
