// What is special to knex: lazy builders, streams, pools, settings and errors.
import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';
import { recordSpans } from '@clew/testing';
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Knex } from 'knex';
import { findPostgres, type Postgres } from '../../../integration-tests/services/postgres.ts';
import { instrument, knex } from './subjects.ts';

const recorder = recordSpans();
let postgres: Postgres;
let plugin: ReturnType<typeof instrument>;
const opened: Knex[] = [];

beforeAll(async () => {
  postgres = await findPostgres();
}, 60_000);
afterAll(() => postgres.stop());
beforeEach(() => {
  plugin = instrument();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((db) => db.destroy()));
  plugin.disable();
});

/** A knex instance with one connection that logs nothing. */
function open(config: Knex.Config = {}): Knex {
  const log = { warn() {}, error() {}, debug() {}, deprecate() {} };
  const pool = { min: 0, max: 1 };
  const db = knex({ client: 'pg', connection: postgres.url, pool, log, ...config } as Knex.Config);
  opened.push(db);
  return db;
}

const sqlite = () =>
  open({ client: 'better-sqlite3', connection: { filename: ':memory:' }, useNullAsDefault: true });

/** Runs `work` in a span, and returns the id of the span. */
async function asCaller(name: string, work: () => unknown): Promise<string> {
  const span = trace.getTracer('test').startSpan(name);
  await context.with(trace.setSpan(context.active(), span), async () => work()).finally(() => span.end());
  return span.spanContext().spanId;
}

const failureOf = (query: PromiseLike<unknown>): Promise<Error & { code?: string }> =>
  Promise.resolve(query).then(
    () => Promise.reject(new Error('it did not fail')),
    (error) => error,
  );

describe('a builder', () => {
  test('belongs to the caller that runs it, even if it was created elsewhere or cloned', async () => {
    const made = open().select('oid').from('pg_class').limit(1);
    const first = await asCaller('first', () => made);
    const second = await asCaller('second', () => made.clone().where('oid', 1));
    const queries = (await recorder.take(4)).filter(({ kind }) => kind === SpanKind.CLIENT);
    expect(queries.map(({ parentSpanId }) => parentSpanId)).toEqual([first, second]);
  });

  test('that is not awaited never runs, and one that is awaited twice runs twice', async () => {
    const db = open();
    let ran = 0;
    db.on('query', () => ran++);
    const lazy = db.raw('SELECT 1');
    await new Promise(setImmediate);
    expect(ran).toBe(0);
    await lazy;
    await lazy;
    expect(ran).toBe(2);
    expect(await recorder.take(2)).toHaveLength(2);
  });

  test('emits the same events as without the plugin', async () => {
    const db = sqlite();
    const run = async () => {
      const seen: unknown[] = [];
      const builder = db.raw('SELECT ? AS one', [1]);
      const note =
        (name: string) =>
        (...args: { sql?: string; bindings?: unknown[] }[]) => {
          const { sql, bindings } = args.find((arg) => arg?.sql) ?? {};
          seen.push([name, args.length, sql, bindings]);
        };
      for (const name of ['start', 'query', 'query-response', 'end']) builder.on(name, note(name));
      await builder;
      return seen;
    };
    const traced = await run();
    plugin.disable();
    expect(traced).toEqual(await run());
    expect(traced).toHaveLength(4);
    await recorder.take(1);
  });

  test('with several statements has one span for each', async () => {
    const db = open();
    await db.transaction(async (transaction) => {
      const albums = (table: Knex.CreateTableBuilder) => table.increments('id');
      await transaction.schema.createTable('clew_albums', albums).dropTable('clew_albums');
      await transaction.transaction((nested) => nested.raw('SELECT 1'));
      await transaction.rollback();
    });
    const spans = await recorder.takeUntil(({ name }) => name === 'ROLLBACK');
    const names = spans.filter(({ kind }) => kind === SpanKind.CLIENT).map(({ name }) => name);
    const expected = ['BEGIN', 'CREATE clew_albums', 'DROP clew_albums', 'SAVEPOINT', 'SELECT', 'RELEASE'];
    expect(names).toEqual([...expected, 'ROLLBACK']);
  });
});

describe('a stream', () => {
  const numbers = 'SELECT generate_series(1, 1000) AS n';

  test('is one child span of its caller, until its end', async () => {
    const db = open();
    let rows = 0;
    const caller = await asCaller('caller', async () => {
      for await (const _ of db.raw(numbers).stream()) rows++;
    });
    expect(rows).toBe(1000);
    const [, span] = await recorder.take(2);
    expect(span).toMatchObject({ parentSpanId: caller, status: { code: SpanStatusCode.UNSET } });
  });

  test('that its reader destroys ends without an error', async () => {
    const db = open();
    for await (const _ of db.raw(numbers).stream()) break;
    const [span] = await recorder.take(1);
    expect(span?.status.code).toBe(SpanStatusCode.UNSET);
  });

  test('that the database aborts is an error', async () => {
    const db = open();
    const stream = db.raw('SELECT 1 / (3 - n) FROM generate_series(1, 5) AS n').stream();
    await expect(
      pipeline(stream, async (rows: AsyncIterable<unknown>) => {
        for await (const _ of rows);
      }),
    ).rejects.toThrow('division by zero');
    const [span] = await recorder.take(1);
    expect(span?.attributes['db.response.status_code']).toBe('22012');
  });
});

describe('the pool', () => {
  test('makes a query wait: the time is recorded on the span of the query', async () => {
    const db = open();
    const transaction = await db.transaction();
    const waiting = Promise.resolve(db.raw('SELECT 2'));
    await transaction.raw('SELECT pg_sleep(0.02)');
    await Promise.all([transaction.commit(), waiting]);
    const [, , sleep, commit, late] = await recorder.take(5);
    const waits = [sleep, commit, late].map((span) => span?.attributes['clew.db.connection_wait_ms']);
    expect(waits).toEqual([undefined, undefined, expect.any(Number)]);
    // The wait is rounded to microseconds.
    expect(waits[2]).toBeGreaterThanOrEqual(20);
    expect(String(waits[2])).toMatch(/^\d+(\.\d{1,3})?$/);
  });

  test('that stays full records a span with the error, and none for the query', async () => {
    const db = open({ acquireConnectionTimeout: 1000 });
    const transaction = await db.transaction();
    const caller = await asCaller('caller', async () => {
      const error = await failureOf(db.raw('SELECT 2'));
      expect(error).toBeInstanceOf(knex.KnexTimeoutError);
    });
    await transaction.rollback();
    const [, , , acquire] = await recorder.take(5);
    expect(acquire).toMatchObject({
      name: 'acquire connection',
      parentSpanId: caller,
      attributes: {
        'db.system.name': 'postgresql',
        'db.namespace': 'test',
        'error.type': 'KnexTimeoutError',
      },
    });
  });

  test('of a database that refuses connections records a span with the error', async () => {
    const db = open({ connection: { host: '127.0.0.1', port: 1, user: 'app', password: 's3cr3t' } });
    await failureOf(db.raw('SELECT 1'));
    const [acquire] = await recorder.take(1);
    expect(acquire?.attributes).toEqual({
      'db.system.name': 'postgresql',
      'server.address': '127.0.0.1',
      'server.port': 1,
      'error.type': 'ECONNREFUSED',
    });
  });

  test('is not used for a connection of the application', async () => {
    const db = open();
    const connection = await db.client.acquireConnection();
    await db.raw('SELECT 1').connection(connection);
    await db.client.releaseConnection(connection);
    expect(await recorder.take(1)).toHaveLength(1);
  });
});

describe('the address of the database', () => {
  const attributesWith = async (config: Knex.Config) => {
    await open(config).raw('SELECT 1');
    const [span] = await recorder.take(1);
    const { attributes = {} } = span ?? {};
    return [attributes['db.namespace'], attributes['server.address'], attributes['server.port']];
  };
  test.each<[string, () => Knex.Config]>([
    ['a string', () => ({ connection: postgres.url })],
    ["the driver's string", () => ({ connection: { connectionString: postgres.url } })],
    ['a function', () => ({ connection: async () => ({ connectionString: postgres.url }) })],
  ])('is read from %s', async (_how, config) => {
    const url = new URL(postgres.url);
    const expected = [url.pathname.slice(1), url.hostname, Number(url.port || 5432)];
    expect(await attributesWith(config())).toEqual(expected);
  });

  test('is a file for SQLite', async () => {
    await sqlite().raw('SELECT 1');
    const [span] = await recorder.take(1);
    expect(span?.attributes).toMatchObject({ 'db.system.name': 'sqlite', 'db.namespace': ':memory:' });
  });
});

describe('an error', () => {
  test('is the database’s own, without the values that knex added, and the application’s error is unchanged', async () => {
    const db = sqlite();
    await db.schema.createTable('songs', (table) => table.string('title').unique());
    await db('songs').insert({ title: "bo's s3cr3t" });
    const error = await failureOf(db('songs').insert({ title: "bo's s3cr3t" }));
    expect(error.message).toContain("'bo''s s3cr3t'");
    const span = (await recorder.take(4)).at(-1);
    expect(span?.status.message).toBe('UNIQUE constraint failed: songs.title');
    expect(span?.attributes['db.response.status_code']).toBe('SQLITE_CONSTRAINT_UNIQUE');
    expect(JSON.stringify(span)).not.toContain('s3cr3t');
  });

  test.each([
    ['a bound value', 'SELECT ?::int', ['s3cr3t']],
    ['a literal', "SELECT 's3cr3t'::int", []],
  ])('that quotes %s does not say it', async (_what, sql, values) => {
    const error = await failureOf(open().raw(sql, values));
    expect(error).toMatchObject({ code: '22P02', message: expect.stringContaining('s3cr3t') });
    const [span] = await recorder.take(1);
    expect(span?.status.message).toBe('invalid input syntax for type integer: "?"');
    expect(span?.attributes).toMatchObject({ 'db.response.status_code': '22P02', 'error.type': '22P02' });
    expect(JSON.stringify(span)).not.toContain('s3cr3t');
  });

  test('by a time-out that cancels is the database’s', async () => {
    const db = open({ pool: { min: 0, max: 2 } });
    await failureOf(db.raw('SELECT pg_sleep(5)').timeout(30, { cancel: true }));
    const [span] = await recorder.take(1);
    expect(span?.attributes['db.response.status_code']).toBe('57014');
  });

  test('reaches listeners of the builder unchanged', async () => {
    const builder = open().raw('SELECT no_such_column');
    const heard = once(builder, 'query-error');
    const error = await failureOf(builder);
    expect((await heard)[0]).toBe(error);
    await recorder.take(1);
  });
});
