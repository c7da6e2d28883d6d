import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { treeOf } from '../span-tree.ts';
import { clew, follow, NO_COLLECTOR, type Receiver, startReceiver } from './clew.ts';
import { FAILED_REQUEST, failedRequest, span } from './points.ts';
import { notificationOf, rabbitmqStorage } from './storages.ts';

let receiver: Receiver;
let storage: Awaited<ReturnType<typeof rabbitmqStorage>>;
beforeEach(async () => {
  [receiver, storage] = await Promise.all([startReceiver(), rabbitmqStorage()]);
}, 120_000);
afterEach(async () => {
  await Promise.all([receiver.close(), storage.close()]);
});

/** Waits until the broker has put back at least so many messages, which a closed connection did not acknowledge. */
async function untilReady(count: number): Promise<void> {
  while ((await storage.ready()) < count) await delay(20);
}

test('points that have been imported are no longer in the queue', async () => {
  await storage.write(...failedRequest(randomUUID()));
  await storage.writeMalformed();
  expect(await storage.ready()).toBe(7);
  const { stdout } = await clew(['import', ...storage.args, '--to', receiver.url]);
  expect(stdout).toContain('3 spans in 1 trace imported\n1 malformed point skipped\n');
  expect(await storage.ready()).toBe(0);
});

test('points that could not be stored stay in the queue', async () => {
  await storage.write(...failedRequest(randomUUID()));
  const { code, stdout, stderr } = await clew(['import', ...storage.args, '--to', NO_COLLECTOR]);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/^clew: no collector responds/);
  await untilReady(6);
});

test('a follower that is killed leaves the points of incomplete spans in the queue', async () => {
  const baseId = randomUUID();
  const [done, hanging] = [span('done', baseId), span('hanging', baseId)];
  const follower = await follow([...storage.args, '--to', receiver.url]);
  await storage.write(hanging.start, done.start, done.stop);
  await receiver.received('done');
  await follower.end('SIGKILL');
  await untilReady(1);
  await storage.write(hanging.stop);
  await clew(['import', ...storage.args, '--to', receiver.url]);
  const imported = receiver.spans().filter(({ name }) => name === 'hanging');
  expect(imported.map(({ attributes }) => attributes['osprofiler.missing'])).toEqual([undefined]);
});

test('a follower whose queue is deleted prints what it has imported, and fails', async () => {
  const follower = await follow([...storage.args, '--to', receiver.url]);
  await storage.write(...failedRequest(randomUUID()));
  await receiver.received('GET /hello');
  await storage.removeQueue(storage.queue);
  const { code, stdout, stderr } = await follower.ended;
  expect(code).toBe(1);
  expect(stdout).toContain('3 spans in 1 trace imported\n');
  expect(stderr).toMatch(/^clew: amqp:\/\/.+: .*queue.*\n$/);
});

test('messages in the envelope of oslo.messaging are read', async () => {
  for (const point of failedRequest(randomUUID()))
    await storage.publish({
      'oslo.version': '2.0',
      'oslo.message': JSON.stringify(notificationOf(point)),
    });
  await clew(['import', ...storage.args, '--to', receiver.url]);
  expect(treeOf(receiver.spans())).toEqual(FAILED_REQUEST);
});

test('a missing queue fails with status 1; a follower declares it as oslo.messaging does', async () => {
  const [url = ''] = storage.args;
  const queue = `${storage.queue}.missing`;
  const missing = [url, '--queue', queue, '--exchange', storage.exchange, '--to', receiver.url];
  const { code, stderr } = await clew(['import', ...missing]);
  expect([code, stderr]).toEqual([1, expect.stringContaining(`no queue "${queue}"`)]);
  const follower = await follow(missing);
  const { start, stop } = span('first', randomUUID());
  await storage.publish(notificationOf(start), queue);
  await storage.publish(notificationOf(stop), queue);
  await receiver.received('first');
  expect((await follower.end('SIGINT')).code).toBe(0);
  await storage.removeQueue(queue);
});

test.each([
  [['trace'], 'a queue takes no base id, because reading removes the points of all traces'],
  [['--last', '5'], '--last does not apply to a queue'],
])('%j is rejected', async (args, message) => {
  const { code, stderr } = await clew(['import', ...storage.args, ...args]);
  expect([code, stderr]).toEqual([2, `clew: ${message} (see clew --help)\n`]);
});
