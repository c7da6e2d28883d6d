import { setTimeout as sleep } from 'node:timers/promises';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import pg from 'pg';
import { asCaller, queriesOf, tracePostgres } from './postgres-traced.ts';

const { recorder, connect, pool, url } = tracePostgres();

const wait = 'clew.db.connection_wait_ms';
/** No server listens on this port. */
const REFUSED = { host: '127.0.0.1', port: 1, connectionString: undefined };

test('the wait for a client of a full pool is an attribute of the first query that it is used for', async () => {
  const one = pool({ max: 1 });
  const first = await one.connect();
  const second = asCaller(async () => {
    const client = await one.connect();
    await client.query('SELECT 1');
    await client.query('SELECT 2');
    client.release();
  });
  await sleep(20);
  first.release();
  await second;
  const queries = queriesOf(await recorder.take(3));
  expect(queries).toHaveLength(2);
  expect(queries[0]?.attributes[wait]).toBeGreaterThanOrEqual(15);
  expect(queries[1]?.attributes).not.toHaveProperty(wait);
});

test('the wait of pool.query() is an attribute of its query', async () => {
  const one = pool({ max: 1 });
  await Promise.all([one.query('SELECT pg_sleep(0.02)'), one.query('SELECT 1')]);
  const spans = await recorder.take(2);
  const waits = spans.map(({ attributes }) => attributes[wait]);
  expect(waits[1]).toBeGreaterThanOrEqual(15);
});

test('a pool that stays full is one span with the error', async () => {
  const one = pool({ max: 1, connectionTimeoutMillis: 2000 });
  const client = await one.connect();
  const { id } = await asCaller(() =>
    expect(one.query('SELECT 1')).rejects.toThrow('timeout exceeded when trying to connect'),
  );
  client.release();
  const [, span] = await recorder.take(2);
  expect(span).toMatchObject({
    name: 'acquire connection',
    kind: SpanKind.CLIENT,
    parentSpanId: id,
    status: { code: SpanStatusCode.ERROR },
    attributes: { 'db.system.name': 'postgresql', 'db.namespace': new URL(url()).pathname.slice(1) },
  });
  expect(span!.endTimeMs - span!.startTimeMs).toBeGreaterThanOrEqual(1900);
});

test.each<[string, (refused: pg.Pool) => Promise<unknown>]>([
  ['a promise of connect()', (refused) => refused.connect()],
  ['a promise of query()', (refused) => refused.query('SELECT 1')],
  [
    'a callback of connect()',
    (refused) => new Promise((_, reject) => refused.connect((error) => reject(error))),
  ],
  [
    'a callback of query()',
    (refused) => new Promise((_, reject) => refused.query('SELECT 1', (error: Error) => reject(error))),
  ],
])('a refused connection of a pool is one span: %s', async (_, use) => {
  await expect(use(pool(REFUSED))).rejects.toThrow('ECONNREFUSED');
  const [span] = await recorder.take(1);
  expect(span).toMatchObject({
    name: 'acquire connection',
    attributes: { 'error.type': 'ECONNREFUSED', 'server.address': '127.0.0.1', 'server.port': 1 },
  });
});

test('a refused connection of a client is one span; a successful connection has no span', async () => {
  await connect();
  const refused = new pg.Client(REFUSED);
  await expect(refused.connect()).rejects.toThrow('ECONNREFUSED');
  const error = await new Promise((resolve) => new pg.Client(REFUSED).connect(resolve));
  expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  const spans = await recorder.take(2);
  expect(spans.map(({ attributes }) => attributes['error.type'])).toEqual(['ECONNREFUSED', 'ECONNREFUSED']);
});

test('a missing database is reported with its code', async () => {
  const missing = pool({ connectionString: `${url()}_missing` });
  await expect(missing.query('SELECT 1')).rejects.toMatchObject({ code: '3D000' });
  const [span] = await recorder.take(1);
  expect(span?.attributes['db.response.status_code']).toBe('3D000');
});

test('a pool that was ended is one span with the error', async () => {
  const ended = pool();
  await ended.end();
  await expect(ended.connect()).rejects.toThrow('Cannot use a pool after calling end on the pool');
  await recorder.take(1);
});
