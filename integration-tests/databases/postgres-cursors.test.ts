import { once } from 'node:events';
import type { Socket } from 'node:net';
import { SpanStatusCode } from '@opentelemetry/api';
import pg from 'pg';
import Cursor from 'pg-cursor';
import QueryStream from 'pg-query-stream';
import { emitted, failureOf, tracePostgres } from './postgres-traced.ts';

const { recorder, connect, untraced } = tracePostgres();

const SERIES = 'SELECT generate_series(1, 1000) AS n';
const BROKEN = 'SELECT 1 / (n - 500) FROM generate_series(1, 1000) AS n';
const OK = { code: undefined, errors: 0, status: SpanStatusCode.UNSET };
const failed = (code?: string) => ({ code, errors: 1, status: SpanStatusCode.ERROR });

const socketOf = (client: pg.Client) =>
  (client as unknown as { connection: { stream: Socket } }).connection.stream;

/** Makes the server end a connection. */
async function kill(client: pg.Client): Promise<void> {
  const { processID } = client as unknown as { processID: number };
  await untraced((other) => other.query('SELECT pg_terminate_backend($1)', [processID]));
}

async function expectEnd(end: object): Promise<void> {
  const [span] = await recorder.take(1);
  expect(span?.name).toBe('SELECT');
  expect(failureOf(span!)).toEqual(end);
}

describe('the span of a cursor ends', () => {
  test('when it is read to the end', async () => {
    const client = await connect();
    const cursor = client.query(new Cursor(SERIES));
    expect(await cursor.read(600)).toHaveLength(600);
    expect(recorder.open()).toHaveLength(1);
    expect(await cursor.read(600)).toHaveLength(400);
    await expectEnd(OK);
  });

  test('when it is closed', async () => {
    const client = await connect();
    const cursor = client.query(new Cursor(SERIES));
    await cursor.read(10);
    await cursor.close();
    await expectEnd(OK);
  });

  test('with its error, even if it has no listener for it', async () => {
    const client = await connect();
    const cursor = client.query(new Cursor(BROKEN));
    await cursor.read(400);
    await expect(cursor.read(400)).rejects.toThrow('division by zero');
    expect(cursor.listenerCount('error')).toBe(0);
    await expectEnd(failed('22012'));
  });

  test('when its client is ended', async () => {
    const client = await connect();
    const cursor = client.query(new Cursor(SERIES));
    await cursor.read(10);
    await client.end();
    await expectEnd(failed());
  });

  test('when its connection is killed', async () => {
    const client = await connect();
    const cursor = client.query(new Cursor(SERIES));
    await cursor.read(10);
    const ended = emitted(client, 'end');
    await kill(client);
    await ended;
    await expectEnd(failed('57P01'));
  });

  test('when its connection is killed after it was closed', async () => {
    const client = await connect();
    const cursor = client.query(new Cursor(SERIES));
    await cursor.read(10);
    socketOf(client).destroy();
    cursor.close(() => {});
    await expectEnd(failed());
  });
});

describe('the span of a stream ends', () => {
  test('when it is read to the end', async () => {
    const client = await connect();
    let rows = 0;
    for await (const _ of client.query(new QueryStream(SERIES))) rows++;
    expect(rows).toBe(1000);
    await expectEnd(OK);
  });

  test('when the loop over it is left', async () => {
    const client = await connect();
    for await (const _ of client.query(new QueryStream(SERIES))) break;
    await expectEnd(OK);
    // The connection can be used again.
    await client.query('SELECT 1');
    await expectEnd(OK);
  });

  test('with the error that it is destroyed with', async () => {
    const client = await connect();
    const stream = client.query(new QueryStream(SERIES));
    stream.once('data', () => stream.destroy(new RangeError('enough')));
    const [error] = await once(stream, 'error');
    expect(error).toBeInstanceOf(RangeError);
    await expectEnd(failed());
  });

  test('with the error of the database', async () => {
    const client = await connect();
    const stream = client.query(new QueryStream(BROKEN));
    stream.resume();
    await once(stream, 'error');
    await expectEnd(failed('22012'));
  });

  test('when it is destroyed before it is sent', async () => {
    const client = await connect();
    const first = client.query('SELECT 1');
    const stream = client.query(new QueryStream(SERIES));
    const closed = emitted(stream, 'close');
    stream.destroy();
    await closed;
    await first;
    const spans = await recorder.take(2);
    expect(spans.map(failureOf)).toEqual([OK, OK]);
    // pg never closes the portal of such a stream.
    socketOf(client).destroy();
  });

  test('when its connection is killed', async () => {
    const client = await connect();
    const stream = client.query(new QueryStream(SERIES, [], { batchSize: 10 }));
    stream.once('data', () => stream.pause());
    await once(stream, 'data');
    const ended = emitted(client, 'end');
    await kill(client);
    await ended;
    await expectEnd(failed('57P01'));
  });
});

describe('the span of a Query ends', () => {
  test('at its end, with the number of rows', async () => {
    const client = await connect();
    const query = client.query(new pg.Query(SERIES));
    await once(query, 'end');
    const [span] = await recorder.take(1);
    expect(span?.attributes['db.response.returned_rows']).toBe(1000);
  });

  test('with its error', async () => {
    const client = await connect();
    const query = client.query(new pg.Query('SELECT * FROM missing'));
    await once(query, 'error');
    const [span] = await recorder.take(1);
    expect(span?.attributes['db.response.status_code']).toBe('42P01');
  });

  test('when it is cancelled in the queue', async () => {
    const client = await connect();
    const first = client.query('SELECT pg_sleep(0.05)');
    const query = client.query(new pg.Query(SERIES));
    const cancelling = new pg.Client() as unknown as { cancel(client: unknown, query: unknown): void };
    cancelling.cancel(client, query);
    await first;
    const spans = await recorder.take(2);
    expect(spans.map(({ events }) => events.length)).toEqual([0, 0]);
  });
});

test.each<[string, () => object, (query: never) => unknown]>([
  ['Query', () => new pg.Query('SELECT 1'), (query: pg.Query) => emitted(query, 'end')],
  ['Cursor', () => new Cursor('SELECT 1'), (query: Cursor) => query.read(10)],
  [
    'QueryStream',
    () => new QueryStream('SELECT 1'),
    (query: QueryStream) => emitted(query.resume(), 'close'),
  ],
])('a %s keeps its properties', async (_, create, end) => {
  const untouched = create();
  await untraced(async (client) => end(client.query(untouched as never) as never));
  const query = create();
  const client = await connect();
  expect(client.query(query as never)).toBe(query);
  await end(query as never);
  const keys = (each: object) => Object.keys(each).filter((key) => key !== '_eventsCount');
  expect(keys(query)).toEqual(keys(untouched));
  await recorder.take(1);
});
