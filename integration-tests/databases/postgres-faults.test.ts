import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { SpanStatusCode } from '@opentelemetry/api';
import pg from 'pg';
import { type Postgres, startPostgres } from '../services/postgres.ts';
import { emitted, failureOf, tracePostgres } from './postgres-traced.ts';

const { recorder, connect, pool, untraced } = tracePostgres();

const failed = (code?: string) => ({ code, errors: 1, status: SpanStatusCode.ERROR });
const processOf = (client: object) => (client as { readonly processID: number }).processID;

/** The failures of the queries that failed, in the order of their starts. */
async function expectFailures(spanCount: number, failures: readonly object[]): Promise<void> {
  const spans = await recorder.take(spanCount);
  const broken = spans.filter(({ status }) => status.code === SpanStatusCode.ERROR);
  expect(broken.map(failureOf)).toEqual(failures);
}

/** Waits until the server runs the query of a client. */
async function untilRunning(client: object): Promise<void> {
  await untraced(async (other) => {
    for (;;) {
      const { rows } = await other.query(
        "SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND state = 'active'",
        [processOf(client)],
      );
      if (rows.length > 0) return;
    }
  });
}

test('a connection that is killed in mid-query: the running query and the queued ones fail', async () => {
  const client = await connect();
  const running = client.query('SELECT pg_sleep(60)');
  const queued = client.query('SELECT 2');
  const outcomes = Promise.allSettled([running, queued]);
  await untilRunning(client);
  await untraced((other) => other.query('SELECT pg_terminate_backend($1)', [processOf(client)]));
  const reasons = (await outcomes).map((outcome) => (outcome as PromiseRejectedResult).reason.message);
  expect(reasons).toEqual([
    'terminating connection due to administrator command',
    expect.stringMatching(/^(Connection terminated unexpectedly|read ECONNRESET)$/),
  ]);
  await expectFailures(2, [failed('57P01'), failed()]);
});

test('a query on a client whose connection is lost fails at once', async () => {
  const client = await connect();
  const ended = emitted(client, 'end');
  await untraced((other) => other.query('SELECT pg_terminate_backend($1)', [processOf(client)]));
  await ended;
  await expect(client.query('SELECT 1')).rejects.toThrow('not queryable');
  await expectFailures(1, [failed()]);
});

test.each([
  ['statement_timeout', 'canceling statement due to statement timeout', '57014'],
  ['query_timeout', 'Query read timeout', undefined],
])('a query that exceeds %s is recorded with the error', async (option, message, code) => {
  const client = await connect({ [option]: 30 });
  const promised = client.query('SELECT pg_sleep(1)');
  await expect(promised).rejects.toThrow(message);
  const error = await new Promise((resolve) => client.query('SELECT pg_sleep(1)', resolve));
  expect(error).toMatchObject({ message });
  await expectFailures(2, [failed(code), failed(code)]);
});

test('a query that is cancelled on the server is recorded with its code', async () => {
  const client = await connect();
  const running = expect(client.query('SELECT pg_sleep(60)')).rejects.toMatchObject({ code: '57014' });
  await untilRunning(client);
  await untraced((other) => other.query('SELECT pg_cancel_backend($1)', [processOf(client)]));
  await running;
  await expectFailures(1, [failed('57014')]);
});

test('a deadlock is recorded with its code', async () => {
  const both = pool({ max: 2 });
  await untraced(async (other) => {
    await other.query('CREATE TABLE accounts (id int PRIMARY KEY, amount int)');
    await other.query('INSERT INTO accounts VALUES (1, 0), (2, 0)');
  });
  const transfer = async (from: number, to: number, locked: () => Promise<void>) => {
    const client = await both.connect();
    try {
      await client.query('BEGIN');
      await client.query('UPDATE accounts SET amount = 1 WHERE id = $1', [from]);
      await locked();
      await client.query('UPDATE accounts SET amount = 1 WHERE id = $1', [to]);
      await client.query('COMMIT');
    } catch (error) {
      await client.query('ROLLBACK');
      throw error;
    } finally {
      client.release();
    }
  };
  let waiting = 2;
  const { promise, resolve } = Promise.withResolvers<void>();
  const locked = () => {
    if (--waiting === 0) resolve();
    return promise;
  };
  const outcomes = await Promise.allSettled([transfer(1, 2, locked), transfer(2, 1, locked)]);
  const [lost] = outcomes.filter(({ status }) => status === 'rejected');
  expect(lost).toMatchObject({ reason: { code: '40P01' } });
  await expectFailures(8, [failed('40P01')]);
});

test('a serialization failure is recorded with its code', async () => {
  const [one, other] = [await connect(), await connect()];
  await one.query('CREATE TABLE counters (n int)');
  await one.query('INSERT INTO counters VALUES (0)');
  for (const client of [one, other]) {
    await client.query('BEGIN ISOLATION LEVEL SERIALIZABLE');
    await client.query('SELECT n FROM counters');
  }
  await one.query('UPDATE counters SET n = 1');
  await one.query('COMMIT');
  await expect(other.query('UPDATE counters SET n = 2')).rejects.toMatchObject({ code: '40001' });
  await other.query('ROLLBACK');
  await expectFailures(10, [failed('40001')]);
});

describe('a server of its own', () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  test('refuses a wrong password', async () => {
    const admin = await connect({ connectionString: server.url });
    await admin.query("CREATE ROLE locked LOGIN PASSWORD 'right'");
    const { rows } = await admin.query('SHOW hba_file');
    const file = rows[0].hba_file as string;
    writeFileSync(file, `host all locked 127.0.0.1/32 scram-sha-256\n${readFileSync(file, 'utf8')}`);
    await admin.query('SELECT pg_reload_conf()');
    recorder.reset();
    const url = new URL(server.url);
    url.username = 'locked';
    url.password = 'wr0ng';
    for (const own of [pool({ connectionString: url.href }), new pg.Client(url.href)])
      await expect(own.connect()).rejects.toMatchObject({ code: '28P01' });
    const spans = await recorder.take(2);
    expect(spans.map(failureOf)).toEqual([failed('28P01'), failed('28P01')]);
    expect(JSON.stringify(spans)).not.toContain('wr0ng');
  });

  test('that is killed in mid-query: all queries fail', async () => {
    const shared = pool({ connectionString: server.url, max: 3 });
    const queries = Array.from({ length: 6 }, () => shared.query('SELECT pg_sleep(60)'));
    const outcomes = Promise.allSettled(queries);
    await once(shared, 'acquire');
    await server.stop();
    for (const { status } of await outcomes) expect(status).toBe('rejected');
    const spans = await recorder.takeUntil(() => recorder.spans().length === 6);
    for (const { status } of spans) expect(status.code).toBe(SpanStatusCode.ERROR);
  });
});
