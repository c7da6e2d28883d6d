// A service writes trace points to each kind of store; OSProfiler's own command reads them.
import { randomUUID } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { missingOsprofiler } from './osprofiler-packages.ts';
import { linesOf, report } from './report.ts';
import { mariadbStore, postgresStore, rabbitmqStore, redisStore, type Store } from './stores.ts';
import { TracedService } from './traced-service.ts';

const missing = missingOsprofiler();
const withOsprofiler = missing === undefined ? test : test.skip;

describe.each([
  ['Redis', redisStore],
  ['PostgreSQL', postgresStore],
  ['MariaDB', mariadbStore],
  ['RabbitMQ', rabbitmqStore],
])('%s', (_, open) => {
  let store: Store;

  beforeAll(async () => {
    store = await open();
  }, 180_000);
  afterAll(() => store?.close());

  test('contains the spans of a request, and the service ends by itself', async () => {
    const ids = await request(store);
    const points = await store.read(ids.base_id);
    const [query, queried, served, responded] = points;
    expect(points.map(({ name }) => name)).toEqual(['db-start', 'db-stop', 'wsgi-start', 'wsgi-stop']);
    expect(query).toMatchObject({
      base_id: ids.base_id,
      parent_id: served?.trace_id,
      project: 'music',
      service: 'api',
      info: { db: { statement: 'SELECT ? AS one', params: {} }, host: expect.any(String) },
    });
    expect(served).toMatchObject({
      parent_id: ids.parent_id,
      info: { request: { method: 'GET', path: '/songs', query: 'full=1', scheme: 'http' } },
    });
    expect([queried?.trace_id, responded?.trace_id]).toEqual([query?.trace_id, served?.trace_id]);
    for (const { timestamp } of points) expect(timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/);
  });

  withOsprofiler('is read by `osprofiler trace show`', async () => {
    const ids = await request(store);
    const [root, ...others] = await report(ids.base_id, ...store.shown);
    expect(others).toEqual([]);
    expect(root).toMatchObject({
      parent_id: ids.parent_id,
      info: { name: 'wsgi', project: 'music', service: 'api', exception: 'None' },
    });
    expect(linesOf([root!])).toEqual(['api wsgi', '  api db']);
  });
});

/** Sends a request to a service that then ends. */
async function request({ url }: Store) {
  const ids = { base_id: randomUUID(), parent_id: randomUUID() };
  const service = await TracedService.start({ points: url });
  expect(await service.get('/songs?full=1', ids)).toEqual({ status: 200, body: '{"one":1}' });
  expect(await service.stop()).toEqual({ code: 0, stderr: '' });
  return ids;
}

describe('the client library', () => {
  let store: Store;
  let folder: string;

  beforeAll(async () => {
    store = await redisStore();
    folder = mkdtempSync(join(tmpdir(), 'clew-points-'));
    mkdirSync(join(folder, 'node_modules'));
    copyFileSync(join(__dirname, 'service.mjs'), join(folder, 'service.mjs'));
  });
  afterAll(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('for Redis may be ioredis, which is loaded from the folder of the application', async () => {
    const installed = dirname(require.resolve('ioredis/package.json'));
    symlinkSync(installed, join(folder, 'node_modules', 'ioredis'));
    const ids = { base_id: randomUUID(), parent_id: randomUUID() };
    const service = await TracedService.start({ points: store.url, file: join(folder, 'service.mjs') });
    await service.get('/fail', ids);
    expect(await service.stop()).toEqual({ code: 0, stderr: '' });
    expect(await store.read(ids.base_id)).toMatchObject([
      { name: 'wsgi-start' },
      { name: 'wsgi-stop', info: { etype: '503', request: { status_code: 503 } } },
    ]);
  });
});
