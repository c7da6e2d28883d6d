import { randomUUID } from 'node:crypto';
import { treeOf } from '../span-tree.ts';
import { clew, follow, type Receiver, startReceiver } from './clew.ts';
import { FAILED_REQUEST, failedRequest, span } from './points.ts';
import { postgresStorage } from './storages.ts';

let receiver: Receiver;
let storage: Awaited<ReturnType<typeof postgresStorage>>;
beforeEach(async () => {
  [receiver, storage] = await Promise.all([startReceiver(), postgresStorage()]);
}, 120_000);
afterEach(async () => {
  await Promise.all([receiver.close(), storage.close()]);
});

const runImport = (...args: readonly string[]) =>
  clew(['import', ...storage.args, ...args, '--to', receiver.url]);

test.each(['all traces', 'one trace'])(
  'a follower of %s reads a row that becomes visible after rows with higher ids',
  async (scope) => {
    const baseId = randomUUID();
    const [late, early] = [span('late', baseId), span('early', baseId)];
    const ids = scope === 'one trace' ? [baseId] : [];
    const follower = await follow([...storage.args, ...ids, '--to', receiver.url]);
    const commit = await storage.writeUncommitted(late.start);
    await storage.write(early.start, early.stop);
    await receiver.received('early');
    await commit();
    await storage.write(late.stop);
    await receiver.received('late');
    const { stdout } = await follower.end('SIGINT');
    expect(stdout).toContain('2 spans in 1 trace imported\n  clew show');
  },
);

test('a follower does not import older traces than those it was asked for', async () => {
  await storage.write(...failedRequest(randomUUID()));
  const newest = randomUUID();
  await storage.write(...failedRequest(newest));
  const follower = await follow([...storage.args, '--last', '1', '--to', receiver.url]);
  await receiver.received('GET /hello');
  const later = span('later', randomUUID());
  await storage.write(later.start, later.stop);
  await receiver.received('later');
  const { stdout } = await follower.end('SIGINT');
  expect(stdout).toContain('4 spans in 2 traces imported\n');
});

test('--last imports the newest traces', async () => {
  const ids = Array.from({ length: 4 }, () => randomUUID());
  for (const id of ids) await storage.write(...failedRequest(id));
  await runImport('--last', '2');
  const imported = new Set(receiver.spans().map(({ traceId }) => traceId));
  expect(imported).toEqual(new Set(ids.slice(2).map((id) => id.replaceAll('-', ''))));
});

test('data that is encoded only once is read as well', async () => {
  await storage.write(...failedRequest(randomUUID()));
  await storage.client.query("UPDATE data SET data = (data #>> '{}')::json");
  await runImport();
  expect(treeOf(receiver.spans())).toEqual(FAILED_REQUEST);
});

test('a database without the table fails with status 1', async () => {
  await storage.client.query('DROP TABLE data');
  const { code, stderr } = await runImport();
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(/^clew: postgresql:.+: relation "data" does not exist\n$/),
  ]);
});
