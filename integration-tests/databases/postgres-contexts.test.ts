import { bind } from '@clew/core';
import { currentSpanId } from '@clew/testing';
import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import pg, { type Client, type Pool } from 'pg';
import Cursor from 'pg-cursor';
import QueryStream from 'pg-query-stream';
import { asCaller, tracePostgres } from './postgres-traced.ts';

const { recorder, pool } = tracePostgres();

const SERIES = 'SELECT generate_series(1, 5) AS n';

/** Runs `work` on the only client of a pool, which another context has connected, within a new span. */
async function onPooledClient(work: (client: Client) => Promise<string[]>) {
  const one = pool({ max: 1 });
  await context.with(ROOT_CONTEXT, () => one.query('SELECT 1'));
  const { id, result } = await asCaller(async () => {
    const client = await one.connect();
    try {
      return await work(client as unknown as Client);
    } finally {
      client.release();
    }
  });
  return { id, seen: result };
}

/** Each way to use a query object: resolves with the spans that were current in the callbacks and listeners. */
const WAYS: Readonly<Record<string, (client: Client) => Promise<string[]>>> = {
  'the events of a Query': (client) =>
    new Promise((resolve) => {
      const seen: string[] = [];
      const query = new pg.Query(SERIES);
      expect(client.query(query)).toBe(query);
      query.on('row', () => seen.push(currentSpanId()));
      query.on('end', () => resolve([...seen, currentSpanId()]));
    }),
  'the error event of a Query': (client) =>
    new Promise((resolve) => {
      client.query(new pg.Query('SELECT * FROM missing')).on('error', () => resolve([currentSpanId()]));
    }),
  'the callback of a Query': (client) =>
    new Promise((resolve) => {
      client.query(new pg.Query(SERIES, () => resolve([currentSpanId()]) as never));
    }),
  'the callback for a Query': (client) =>
    new Promise((resolve) => {
      (client.query as (...args: unknown[]) => void)(new pg.Query(SERIES), () => resolve([currentSpanId()]));
    }),
  'the callbacks and events of a Cursor': async (client) => {
    const seen: string[] = [];
    const cursor = client.query(new Cursor(SERIES));
    cursor.on('row', () => seen.push(currentSpanId()));
    const ended = new Promise<void>((resolve) => {
      cursor.on('end', () => resolve(void seen.push(currentSpanId())));
    });
    await cursor.read(2);
    seen.push(currentSpanId());
    await new Promise<void>((resolve) => cursor.read(10, () => resolve(void seen.push(currentSpanId()))));
    await ended;
    await new Promise<void>((resolve) => cursor.close(() => resolve(void seen.push(currentSpanId()))));
    return seen;
  },
  'the events of a QueryStream': async (client) => {
    const seen: string[] = [];
    const stream = client.query(new QueryStream(SERIES, [], { batchSize: 2 }));
    stream.on('data', () => seen.push(currentSpanId()));
    for (const event of ['end', 'close']) stream.on(event, () => seen.push(currentSpanId()));
    await new Promise((resolve) => stream.on('close', resolve));
    return seen;
  },
  'the error event of a QueryStream': (client) =>
    new Promise((resolve) => {
      const stream = client.query(new QueryStream('SELECT 1 / (n - 3) FROM generate_series(1, 5) AS n'));
      stream.on('error', () => resolve([currentSpanId()]));
      stream.resume();
    }),
  'a loop over a QueryStream': async (client) => {
    const seen: string[] = [];
    for await (const _ of client.query(new QueryStream(SERIES))) seen.push(currentSpanId());
    return seen;
  },
};

describe.each(['all', 'none'] as const)('sampling %s', (sampling) => {
  test.each(Object.keys(WAYS))('%s run in the context of the caller', async (way) => {
    recorder.sampling = sampling;
    const { id, seen } = await onPooledClient(WAYS[way]!);
    expect(seen.length).toBeGreaterThan(0);
    expect(new Set(seen)).toEqual(new Set([id]));
    if (sampling === 'all') await recorder.take(3);
  });
});

test('listeners that another context added run in the context of the query, unless they are bound', async () => {
  const { id, seen } = await onPooledClient(
    (client) =>
      new Promise((resolve) => {
        const query = new pg.Query(SERIES);
        const other: string[] = [];
        context.with(ROOT_CONTEXT, () => {
          query.on('row', () => other.push(currentSpanId()));
          query.on('end', bind(() => resolve([...other, currentSpanId()])) as () => void);
        });
        client.query(query);
      }),
  );
  expect(seen).toEqual([id, id, id, id, id, 'none']);
  await recorder.take(3);
});

test('the callback of read() runs in the context of its own caller', async () => {
  const { seen } = await onPooledClient(async (client) => {
    const cursor = client.query(new Cursor(SERIES));
    const { id, result } = await asCaller(
      () => new Promise<string>((resolve) => cursor.read(2, () => resolve(currentSpanId()))),
    );
    await cursor.close();
    return [id, result];
  });
  expect(seen[0]).toBe(seen[1]);
  await recorder.take(4);
});

describe.each([1, 5])('a hundred requests at once through a pool of %i', (max) => {
  const requests = (run: (pool: Pool) => Promise<string>) => {
    const shared = pool({ max });
    return Promise.all(Array.from({ length: 100 }, () => asCaller(() => run(shared))));
  };
  test.each<[string, (pool: Pool) => Promise<string>]>([
    [
      'callbacks of a client',
      (shared) =>
        new Promise((resolve) => {
          shared.connect((_, client, release) => {
            const before = currentSpanId();
            client?.query('SELECT 1', () => {
              release();
              resolve(before === currentSpanId() ? before : 'another');
            });
          });
        }),
    ],
    [
      'cursors',
      async (shared) => {
        const client = await shared.connect();
        const cursor = client.query(new Cursor(SERIES));
        const seen = await new Promise<string>((resolve) => cursor.read(2, () => resolve(currentSpanId())));
        await cursor.close();
        client.release();
        return seen;
      },
    ],
    [
      'streams',
      async (shared) => {
        const client = await shared.connect();
        let seen = '';
        const stream = client.query(new QueryStream(SERIES));
        stream.on('data', () => {
          seen = currentSpanId();
        });
        await new Promise((resolve) => stream.on('close', resolve));
        client.release();
        return seen;
      },
    ],
  ])('%s: each in the trace of its own request', async (_, run) => {
    const results = await requests(run);
    expect(results.map(({ result }) => result)).toEqual(results.map(({ id }) => id));
    const spans = await recorder.take(200);
    for (const { id } of results)
      expect(spans.filter(({ parentSpanId }) => parentSpanId === id)).toHaveLength(1);
  });
});
