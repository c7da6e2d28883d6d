import { promisify } from 'node:util';
import { currentSpanId } from '@clew/testing';
import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import type { Pool, PoolConnection } from 'mysql2-3';
import { asCaller, queriesOf, traceMysql, VERSIONS } from './mysql-traced.ts';

const SELECT = 'SELECT id FROM songs';

interface Emitter {
  on(event: string, listener: (...args: never[]) => void): Emitter;
}

/** The spans that are current in the listeners of each event, up to `end`. */
function currentIn(emitter: Emitter, ...events: string[]): Promise<string[]> {
  const seen: string[] = [];
  for (const event of events) emitter.on(event, () => seen.push(currentSpanId()));
  return new Promise((resolve) => {
    emitter.on('end', () => resolve([...seen, currentSpanId()]));
  });
}

/** Each way in which a connection calls back: resolves with the spans that were current then. */
const WAYS: Readonly<Record<string, (connection: PoolConnection) => Promise<string[]>>> = {
  'the events of query()': (connection) => currentIn(connection.query(SELECT), 'fields', 'result'),
  'the events of execute()': (connection) => currentIn(connection.execute(SELECT), 'fields', 'result'),
  'the error event of query()': (connection) => currentIn(connection.query('SELECT * FROM missing'), 'error'),
  'the error event of execute()': (connection) =>
    currentIn(connection.execute('SELECT * FROM missing'), 'error'),
  'the events of a stream': (connection) => currentIn(connection.query(SELECT).stream(), 'data'),
  'a loop over a stream': async (connection) => {
    const seen: string[] = [];
    for await (const _ of connection.query(SELECT).stream()) seen.push(currentSpanId());
    return [...seen, currentSpanId()];
  },
  'the callback of query()': (connection) =>
    new Promise((resolve) => {
      connection.query(SELECT, () => resolve([currentSpanId()]));
    }),
  'the callback of execute()': (connection) =>
    new Promise((resolve) => {
      connection.execute({ sql: SELECT }, () => resolve([currentSpanId()]));
    }),
  'the callbacks of a prepared statement': (connection) =>
    new Promise((resolve) => {
      connection.prepare(SELECT, (_, statement) => {
        const prepared = currentSpanId();
        statement.execute([], () => resolve([prepared, currentSpanId()]));
      });
    }),
};

describe.each(VERSIONS)('%s', (version, mysql2) => {
  const { recorder, pool, url } = traceMysql(mysql2);

  /** Runs `work` on the only connection of a pool, which another context has opened. */
  async function onPooledConnection(shared: Pool, work: (connection: PoolConnection) => Promise<string[]>) {
    await context.with(ROOT_CONTEXT, () => shared.promise().query('SELECT 1'));
    return asCaller(
      () =>
        new Promise<string[]>((resolve, reject) => {
          shared.getConnection((error, connection) => {
            if (error) return reject(error);
            work(connection)
              .then(resolve, reject)
              .finally(() => connection.release());
          });
        }),
    );
  }

  // The streams of mysql2 3.0 emit `close` before they end, which the loop reports as an error.
  const ways = Object.entries(WAYS).filter(
    ([way]) => version !== 'mysql2 3.0' || way !== 'a loop over a stream',
  );

  test.each(ways)('%s run in the context of the caller, with one span', async (_way, work) => {
    const { id, result } = await onPooledConnection(pool({ connectionLimit: 1 }), work);
    expect(new Set(result)).toEqual(new Set([id]));
    const [, query, ...rest] = queriesOf(await recorder.take(3));
    expect(rest).toEqual([]);
    expect(query).toMatchObject({ parentSpanId: id });
  });

  test.each(ways)('unsampled, %s run in the context of the caller', async (_way, work) => {
    recorder.sampling = 'none';
    const { id, result } = await onPooledConnection(pool({ connectionLimit: 1 }), work);
    expect(new Set(result)).toEqual(new Set([id]));
    expect(recorder.wastedCalls).toBe(0);
  });

  test('a hundred requests at once read streams of their own', async () => {
    const shared = pool({ connectionLimit: 3 });
    const requests = Array.from({ length: 100 }, () =>
      asCaller(() => currentIn(shared.query(SELECT), 'result')),
    );
    const ended = await Promise.all(requests);
    for (const { id, result } of ended) expect(result).toEqual([id, id, id, id]);
    const parents = queriesOf(await recorder.take(200)).map(({ parentSpanId }) => parentSpanId);
    expect(parents.sort()).toEqual(ended.map(({ id }) => id).sort());
  });

  test('queries of a cluster that wait for its connection belong to their callers', async () => {
    const cluster = mysql2.createPoolCluster();
    cluster.add('ONE', { uri: url(), connectionLimit: 1 });
    const requests = Array.from({ length: 5 }, () =>
      asCaller(
        () =>
          new Promise<string>((resolve) => {
            cluster.of('*').query(SELECT, () => resolve(currentSpanId()));
          }),
      ),
    );
    const ended = await Promise.all(requests);
    for (const { id, result } of ended) expect(result).toBe(id);
    const parents = queriesOf(await recorder.take(10)).map(({ parentSpanId }) => parentSpanId);
    expect(parents.sort()).toEqual(ended.map(({ id }) => id).sort());
    await promisify(cluster.end.bind(cluster))();
  });

  test('callbacks of other methods run in the context of the caller', async () => {
    const { id, result } = await onPooledConnection(pool({ connectionLimit: 1 }), async (connection) => {
      const seen: string[] = [];
      await new Promise<void>((resolve) => connection.ping(() => resolve(void seen.push(currentSpanId()))));
      await new Promise<void>((resolve) =>
        connection.changeUser({}, () => resolve(void seen.push(currentSpanId()))),
      );
      return seen;
    });
    expect(result).toEqual([id, id]);
    await recorder.take(2);
  });
});
