import { randomUUID } from 'node:crypto';
import { treeOf } from '../span-tree.ts';
import { clew, follow, type Receiver, startReceiver } from './clew.ts';
import { FAILED_REQUEST, failedRequest, span } from './points.ts';
import { redisStorage } from './storages.ts';

let receiver: Receiver;
let storage: Awaited<ReturnType<typeof redisStorage>>;
beforeEach(async () => {
  [receiver, storage] = await Promise.all([startReceiver(), redisStorage()]);
}, 120_000);
afterEach(async () => {
  await Promise.all([receiver.close(), storage.close()]);
});

const runImport = (...args: readonly string[]) =>
  clew(['import', ...storage.args, ...args, '--to', receiver.url]);

test.each(['with the base id', 'without a base id'])(
  'points in keys of their own, as before OSProfiler 2.8, are imported %s',
  async (how) => {
    const baseId = randomUUID();
    for (const point of failedRequest(baseId))
      await storage.client.set(
        `osprofiler:${baseId}_${point.trace_id}_${point.timestamp}`,
        JSON.stringify(point),
      );
    await runImport(...(how === 'with the base id' ? [baseId] : []));
    expect(treeOf(receiver.spans())).toEqual(FAILED_REQUEST);
  },
);

test('a trace is found by its trace id', async () => {
  const baseId = randomUUID();
  await storage.write(...failedRequest(baseId));
  await runImport(baseId.replaceAll('-', ''));
  expect(treeOf(receiver.spans())).toEqual(FAILED_REQUEST);
});

test('a base id that has no points fails with status 1', async () => {
  const { code, stdout, stderr } = await runImport('nothing');
  expect([code, stdout, stderr]).toEqual([1, '', `clew: no trace nothing in ${storage.args[0]}\n`]);
});

test('wildcards in a base id have no meaning', async () => {
  const baseId = randomUUID();
  await storage.client.set(`osprofiler:${baseId}`, JSON.stringify(failedRequest(baseId)[0]));
  expect((await runImport('*')).code).toBe(1);
});

test('--last imports the newest traces', async () => {
  const ids = Array.from({ length: 5 }, () => randomUUID());
  for (const id of ids) await storage.write(...failedRequest(id));
  const { stdout } = await runImport('--last', '2');
  expect(stdout).toContain('6 spans in 2 traces imported');
  const imported = new Set(receiver.spans().map(({ traceId }) => traceId));
  expect(imported).toEqual(new Set(ids.slice(3).map((id) => id.replaceAll('-', ''))));
});

test('keys of other applications are left alone', async () => {
  await storage.client.set('osprofiler_opt:text', 'x');
  await storage.client.hSet('osprofiler:hash', 'a', '1');
  await storage.client.set('other', 'x');
  await storage.write(...failedRequest(randomUUID()));
  const { code, stdout } = await runImport();
  expect([code, stdout.split('\n', 1)[0]]).toEqual([0, '3 spans in 1 trace imported']);
});

test('a span with more attributes than a collector accepts is skipped, the others are imported', async () => {
  const baseId = randomUUID();
  const large = span('large', baseId, { started: { values: Array(100_001).fill(1) } });
  await storage.write(large.start, ...failedRequest(baseId), large.stop);
  const { code, stdout } = await runImport(baseId);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^3 spans in 1 trace imported\n1 span with too many attributes skipped\n/);
});

test('a follower imports new traces, and new points of older ones, but no older points', async () => {
  const [old, newest] = [randomUUID(), randomUUID()];
  await storage.write(...failedRequest(old), ...failedRequest(newest));
  const follower = await follow([...storage.args, '--last', '1', '--to', receiver.url]);
  await receiver.received('GET /hello');
  const later = [span('later_old', old), span('later_newest', newest), span('later_new', randomUUID())];
  for (const { start, stop } of later) await storage.write(start, stop);
  for (const name of ['later_old', 'later_newest', 'later_new']) await receiver.received(name);
  const { code, stdout } = await follower.end('SIGTERM');
  expect([code, stdout.split('\n')[1]]).toEqual([0, '6 spans in 3 traces imported']);
});

test('a follower that is interrupted at its start reads all points that have been written', async () => {
  const baseId = randomUUID();
  const spans = Array.from({ length: 2000 }, () => span('db', baseId));
  const points = [...spans.map(({ start }) => start), ...spans.map(({ stop }) => stop)];
  await storage.client.lPush(
    `osprofiler_opt:${baseId}`,
    points.map((point) => JSON.stringify(point)),
  );
  const follower = await follow([...storage.args, '--to', receiver.url]);
  const { code, stdout } = await follower.end('SIGINT');
  expect(code).toBe(0);
  expect(stdout).toContain('2000 spans in 1 trace imported\n  clew show');
});

test('a follower whose server ends prints what it has imported, and fails', async () => {
  const follower = await follow([...storage.args, '--to', receiver.url]);
  await storage.write(...failedRequest(randomUUID()));
  await receiver.received('GET /hello');
  await storage.kill();
  const { code, stdout, stderr } = await follower.ended;
  expect(code).toBe(1);
  expect(stdout).toContain('3 spans in 1 trace imported\n');
  expect(stderr).toMatch(/^clew: redis:\/\/127\.0\.0\.1:\d+: .+\n$/);
});
