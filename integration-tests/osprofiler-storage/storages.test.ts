// `clew import` of the storages of OSProfiler, on real servers.
import { randomUUID } from 'node:crypto';
import { treeOf } from '../span-tree.ts';
import { clew, follow, type Receiver, startReceiver } from './clew.ts';
import { FAILED_REQUEST, failedRequest, span } from './points.ts';
import {
  mariadbStorage,
  postgresStorage,
  rabbitmqStorage,
  redisStorage,
  type TestStorage,
} from './storages.ts';

let receiver: Receiver;
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(() => receiver.close());

describe.each([
  ['Redis', redisStorage, [1]],
  ['PostgreSQL', postgresStorage, [1]],
  ['MariaDB', mariadbStorage, [1]],
  ['RabbitMQ', rabbitmqStorage, []],
] as const)('%s', (_, open, baseIds) => {
  let storage: TestStorage;
  beforeEach(async () => {
    storage = await open();
  }, 120_000);
  afterEach(() => storage.close());

  /** The base id is given where the storage can look for it. */
  const argsFor = (baseId: string) => [...storage.args, ...baseIds.map(() => baseId), '--to', receiver.url];

  test('the points of a trace become spans', async () => {
    const baseId = randomUUID();
    await storage.write(...failedRequest(baseId));
    const { code, stdout, stderr } = await clew(['import', ...argsFor(baseId)]);
    expect([code, stderr, stdout.split('\n').slice(0, 2)]).toEqual([
      0,
      '',
      ['3 spans in 1 trace imported', `  clew show ${baseId.replaceAll('-', '')}`],
    ]);
    expect(treeOf(receiver.spans())).toEqual(FAILED_REQUEST);
    expect(receiver.spans().find(({ name }) => name === 'db')).toMatchObject({
      traceId: baseId.replaceAll('-', ''),
      attributes: { 'db.query.text': 'SELECT 1', 'error.type': 'OperationalError' },
      status: { code: 'ERROR', message: 'gone' },
      resource: { attributes: { 'service.name': 'api', 'service.namespace': 'lab', 'host.name': 'vm' } },
    });
  });

  test('a follower imports a span when its stop is written, and the incomplete ones at its end', async () => {
    const baseId = randomUUID();
    const request = { started: { request: { method: 'GET', path: '/a', query: '', scheme: 'http' } } };
    const root = span('wsgi', baseId, request);
    const child = span('volume_api', baseId, { parentId: root.id });
    const hanging = span('neutron_api', baseId, { parentId: root.id });
    const follower = await follow(argsFor(baseId));
    await storage.write(root.start, child.start, child.stop);
    await receiver.received('volume_api');
    expect(receiver.spans()).toHaveLength(1);
    await storage.write(root.stop);
    await receiver.received('GET /a');
    await storage.write(hanging.start);
    const { code, stdout, stderr } = await follower.end('SIGINT');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('3 spans in 1 trace imported\n1 span without a start or a stop\n');
    expect(treeOf(receiver.spans())).toEqual([
      'SERVER GET /a',
      '  INTERNAL neutron_api',
      '  INTERNAL volume_api',
    ]);
    const incomplete = receiver.spans().filter(({ attributes }) => 'osprofiler.missing' in attributes);
    expect(incomplete.map(({ name }) => name)).toEqual(['neutron_api']);
  });

  test('without a base id, all traces are imported, and what is not a point is counted', async () => {
    await storage.write(...failedRequest(randomUUID()));
    await storage.writeMalformed();
    await storage.write(...failedRequest(randomUUID()));
    const { code, stdout } = await clew(['import', ...storage.args, '--to', receiver.url]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^6 spans in 2 traces imported\n1 malformed point skipped\n/);
  });

  test('a trace of more points than are read at a time is complete', async () => {
    const baseId = randomUUID();
    const spans = Array.from({ length: 225 }, () => span('db', baseId));
    await storage.write(...spans.map(({ start }) => start), ...spans.map(({ stop }) => stop));
    const { stdout } = await clew(['import', ...argsFor(baseId)]);
    expect(stdout).toMatch(/^225 spans in 1 trace imported\n {2}clew/);
  });
});
