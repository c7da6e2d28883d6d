import { currentSpanId } from '@clew/testing';
import type { Client, QueryResult } from 'pg';
import pg from 'pg';
import pg80 from 'pg-8.0';
import { asCaller, queriesOf, tracePostgres } from './postgres-traced.ts';

const { recorder, connect } = tracePostgres({}, [pg, pg80]);

const returned = 'db.response.returned_rows';

/** The method without its overloads. */
type AnyQuery = (...given: unknown[]) => Promise<QueryResult>;
const queryOf = (client: Client) => client.query.bind(client) as unknown as AnyQuery;

test.each([
  ['a text', ['SELECT 1 AS one'], 'SELECT ? AS one'],
  ['a text with values', ['SELECT $1::int AS one', [1]], 'SELECT $1::int AS one'],
  ['an object', [{ text: 'SELECT $1::int AS one', values: [1] }], 'SELECT $1::int AS one'],
  ['an object and values', [{ text: 'SELECT $1::int AS one' }, [1]], 'SELECT $1::int AS one'],
  ['rows as arrays', [{ text: 'SELECT 1 AS one', rowMode: 'array' }], 'SELECT ? AS one'],
])('%s: one span for the promise and one for the callback', async (_, args, text) => {
  const client = await connect();
  const query = queryOf(client);
  const { rows } = await query(...args);
  const { id, result } = await asCaller(
    () =>
      new Promise<unknown[]>((resolve) => {
        const callback = (error: unknown, { rows }: QueryResult) => resolve([error, rows, currentSpanId()]);
        expect(query(...args, callback)).toBeUndefined();
      }),
  );
  expect(result).toEqual([null, rows, id]);
  const spans = await recorder.take(3);
  expect(queriesOf(spans)).toHaveLength(2);
  for (const { name, attributes } of queriesOf(spans)) {
    expect(name).toBe('SELECT');
    expect(attributes).toMatchObject({
      'db.system.name': 'postgresql',
      'db.query.text': text,
      'db.namespace': client.database,
      'server.address': client.host,
      'server.port': client.port,
      [returned]: 1,
    });
  }
});

test.each(['pg', 'pg 8.0'])(
  '%s: an object with a callback can be used again, and stays as it is',
  async (version) => {
    const Client = version === 'pg' ? pg.Client : pg80.Client;
    const { host, port, user, database } = await connect();
    const client = new Client({ host, port, user, database });
    await client.connect();
    const query = queryOf(client as Client);
    const seen: string[] = [];
    const callback = () => seen.push(currentSpanId());
    const config = { text: 'SELECT 1', callback };
    const frozen = Object.freeze({ text: 'SELECT 1', callback });
    const ids: string[] = [];
    for (const each of [config, config, frozen]) {
      const { id } = await asCaller(async () => {
        query(each);
        await query('SELECT 2');
      });
      ids.push(id);
    }
    expect(seen).toEqual(ids);
    expect(config).toEqual({ text: 'SELECT 1', callback });
    await recorder.take(9);
    await client.end();
  },
);

test('a prepared statement is known by its name, and is prepared once', async () => {
  const client = await connect();
  await client.query({ name: 'one', text: 'SELECT $1::int AS one', values: [1] });
  await client.query({ name: 'one', values: [2] } as never);
  const spans = await recorder.take(2);
  expect(spans.map(({ attributes }) => attributes['db.query.text'])).toEqual([
    'SELECT $1::int AS one',
    'SELECT $1::int AS one',
  ]);
});

test('the rows of several statements are added up; statements without rows do not count', async () => {
  const client = await connect();
  await client.query('CREATE TEMPORARY TABLE songs (id int)');
  await client.query('INSERT INTO songs SELECT generate_series(1, 5)');
  await client.query('INSERT INTO songs VALUES (6) RETURNING id');
  await client.query('SELECT * FROM songs; SELECT 1; DELETE FROM songs');
  await client.query('');
  const spans = await recorder.take(5);
  expect(spans.map(({ attributes }) => attributes[returned])).toEqual([
    undefined,
    undefined,
    1,
    7,
    undefined,
  ]);
});

test.each([
  ['no statement', [null]],
  ['a callback that is not a function', ['SELECT 1', [], {}]],
])('%s throws as without tracing', async (_, args) => {
  const client = await connect();
  const thrown = () => {
    try {
      return Promise.resolve(queryOf(client)(...args));
    } catch (error) {
      return (error as Error).message;
    }
  };
  const traced = thrown();
  expect(traced).toMatch(/null or undefined query|callback is not a function/);
  const [span] = await recorder.take(1);
  expect(span?.attributes['error.type']).toBe('TypeError');
});

test.each([
  ['values that are not an array', ['SELECT $1::int', 'one'], 'Query values must be an array'],
  ['neither text nor name', [{}], 'A query must have either text or a name'],
])('%s is an error of the query', async (_, args, message) => {
  const client = await connect();
  await expect(queryOf(client)(...args)).rejects.toThrow(message);
  const [span] = await recorder.take(1);
  expect(span?.events).toHaveLength(1);
});

test('a promise class of the application is returned as it is', async () => {
  class Own<T> extends Promise<T> {}
  const client = await connect({ Promise: Own } as object);
  const promise = client.query('SELECT 1');
  expect(promise).toBeInstanceOf(Own);
  await promise;
  await recorder.take(1);
});

test('queued queries are spans of their own, in the order in which they are sent', async () => {
  const client = await connect();
  await Promise.all([client.query('SELECT 1'), client.query('SELECT 2'), client.query('SELECT 3')]);
  await recorder.take(3);
});

test('pipelined queries are spans of their own', async () => {
  const client = await connect({ pipeline: true } as object);
  const results = await Promise.allSettled([
    client.query('SELECT 1'),
    client.query('SELECT * FROM missing'),
    client.query('SELECT 3'),
  ]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  const spans = await recorder.take(3);
  expect(spans.map(({ attributes }) => attributes['db.response.status_code'])).toEqual([
    undefined,
    '42P01',
    undefined,
  ]);
});
