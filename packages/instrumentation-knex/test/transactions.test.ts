// A transaction is a span around its statements, in every version.
import { join } from 'node:path';
import { type RecordedSpan, recordSpans } from '@clew/testing';
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Knex } from 'knex';
import { findPostgres, type Postgres } from '../../../integration-tests/services/postgres.ts';
import { instrument, knex, VERSIONS } from './subjects.ts';

const recorder = recordSpans();
let postgres: Postgres;
let plugin: ReturnType<typeof instrument>;
let db: Knex;

beforeAll(async () => {
  postgres = await findPostgres();
});
afterAll(() => postgres.stop());
afterEach(async () => {
  await db.destroy();
  plugin.disable();
});

const log = { warn() {}, error() {}, debug() {}, deprecate() {} };
// Version 0.95 imports each file if npm runs it in an ES package, and loads only files that end in `.js` by default.
delete process.env.npm_package_type;
delete process.env.npm_package_json;
const SEEDS = { directory: join(__dirname, 'seeds'), loadExtensions: ['.cjs'] };

const openOn = (version: typeof knex, config: Knex.Config = { client: 'pg', connection: postgres.url }) => {
  plugin = instrument({}, version);
  db = version({ pool: { min: 0, max: 1 }, log, ...config });
};

/** The spans as a tree of names: `[name, …children]`. */
type Tree = readonly [string, ...Tree[]];
function treesOf(spans: readonly RecordedSpan[]): Tree[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const below = (parent: string | undefined): Tree[] =>
    spans
      .filter(({ parentSpanId = '' }) => (ids.has(parentSpanId) ? parentSpanId : undefined) === parent)
      .map(({ name, spanId }) => [name, ...below(spanId)] as const);
  return below(undefined);
}

/** Runs `work` in a span of the application. */
const within = <T>(name: string, work: () => Promise<T>): Promise<T> =>
  trace.getTracer('test').startActiveSpan(name, (span) => work().finally(() => span.end()));

const select = (runner: Knex) => runner.raw('SELECT 1');

describe.each(Object.entries(VERSIONS))('%s', (_name, version) => {
  beforeEach(() => openOn(version));

  test('the statements of a handler, and those after its first await, are children', async () => {
    const result = await within('request', () =>
      db.transaction(async (trx) => {
        await select(trx);
        await new Promise(setImmediate);
        await select(trx);
        return 'done';
      }),
    );
    expect(result).toBe('done');
    const spans = await recorder.take(6);
    const children: Tree[] = [['BEGIN'], ['SELECT'], ['SELECT'], ['COMMIT']];
    expect(treesOf(spans)).toEqual([['request', ['transaction', ...children]]]);
    expect(spans[1]).toMatchObject({ kind: SpanKind.INTERNAL, status: { code: SpanStatusCode.UNSET } });
    expect(spans[1]?.attributes).toMatchObject({ 'db.system.name': 'postgresql', 'db.namespace': 'test' });
  });

  test('a transaction without a handler has the statements of the application as children', async () => {
    await within('request', async () => {
      const trx = await db.transaction();
      await select(trx);
      await within('step', async () => select(trx));
      await trx.commit();
    });
    const spans = await recorder.take(7);
    expect(treesOf(spans)).toEqual([
      ['request', ['transaction', ['BEGIN'], ['SELECT'], ['COMMIT']], ['step', ['SELECT']]],
    ]);
  });

  test('a nested transaction is a span in the outer one', async () => {
    await db.transaction(async (trx) => {
      await trx.transaction(async (nested) => {
        await select(nested);
      });
      const savepoint = await trx.transaction();
      await select(savepoint);
      await savepoint.rollback();
    });
    expect(treesOf(await recorder.take(11))).toEqual([
      [
        'transaction',
        ['BEGIN'],
        ['transaction', ['SAVEPOINT'], ['SELECT'], ['RELEASE']],
        ['transaction', ['SAVEPOINT'], ['SELECT'], ['ROLLBACK']],
        ['COMMIT'],
      ],
    ]);
  });

  test('a transaction that fails has the code of the error, and no message with values', async () => {
    const failing = db.transaction((trx) => trx.raw("SELECT 's3cr3t'::int + ?", [471108150]));
    await expect(failing).rejects.toMatchObject({ code: '22P02' });
    const spans = await recorder.take(4);
    expect(treesOf(spans)).toEqual([['transaction', ['BEGIN'], ['SELECT'], ['ROLLBACK']]]);
    expect(spans[0]).toMatchObject({ status: { code: SpanStatusCode.ERROR }, events: [] });
    expect(spans[0]?.attributes).toMatchObject({ 'error.type': '22P02', 'db.response.status_code': '22P02' });
    expect(JSON.stringify(spans)).not.toMatch(/s3cr3t|471108150/);
  });

  test('one that is rolled back without an error has not failed', async () => {
    const trx = await db.transaction();
    await trx.rollback();
    const [span] = await recorder.take(3);
    expect(span?.status.code).toBe(SpanStatusCode.UNSET);
  });

  test('transactions at once do not mix', async () => {
    await db.destroy();
    db = version({ client: 'pg', connection: postgres.url, pool: { min: 0, max: 4 }, log });
    await Promise.all(
      ['a', 'b', 'c', 'd', 'e'].map((name) => within(name, () => db.transaction(async (trx) => select(trx)))),
    );
    const children: Tree[] = [['BEGIN'], ['SELECT'], ['COMMIT']];
    const trees = treesOf(await recorder.take(25));
    expect(trees).toEqual(['a', 'b', 'c', 'd', 'e'].map((name) => [name, ['transaction', ...children]]));
  });

  test('a batch insert is one transaction with a query for each chunk', async () => {
    await db.raw('CREATE TEMPORARY TABLE clew_batch (id INT)');
    recorder.reset();
    await db.batchInsert('clew_batch', [{ id: 1 }, { id: 2 }, { id: 3 }], 2);
    const inserts: Tree[] = [['INSERT clew_batch'], ['INSERT clew_batch']];
    expect(treesOf(await recorder.take(5))).toEqual([['transaction', ['BEGIN'], ...inserts, ['COMMIT']]]);
  });

  test('a query that the application stops waiting for ends when the database responds', async () => {
    const slow = within('request', async () => db.raw('SELECT pg_sleep(1)').timeout(5));
    await expect(slow).rejects.toThrow(/timeout/i);
    const spans = await recorder.take(2);
    expect(treesOf(spans)).toEqual([['request', ['SELECT']]]);
    expect(spans[1]?.status.code).toBe(SpanStatusCode.UNSET);
  });

  test('a query that the database cancels is an error', async () => {
    await db.raw('SET statement_timeout = 200');
    recorder.reset();
    await expect(Promise.resolve(db.raw('SELECT pg_sleep(5)'))).rejects.toMatchObject({ code: '57014' });
    const [span] = await recorder.take(1);
    expect(span?.attributes['db.response.status_code']).toBe('57014');
    await db.raw('SET statement_timeout = 0');
    recorder.reset();
  });

  test('streams of rows end with their last row, and when their reader stops', async () => {
    const rows = () => db.raw('SELECT generate_series(1, 500) AS n').stream();
    let count = 0;
    for await (const _ of rows()) count++;
    for await (const _ of rows()) break;
    const spans = await recorder.take(2);
    expect(count).toBe(500);
    expect(spans.map(({ status }) => status)).toEqual([
      { code: SpanStatusCode.UNSET },
      { code: SpanStatusCode.UNSET },
    ]);
  });

  test('an untraced transaction works as before', async () => {
    recorder.sampling = 'none';
    const parent = trace.getTracer('test').startSpan('request');
    await context.with(trace.setSpan(context.active(), parent), () =>
      db.transaction(async (trx) => select(trx)),
    );
    expect(recorder.wastedCalls).toBe(0);
  });

  test('migrations are transactions and queries', async () => {
    const up = (trx: Knex) => trx.schema.createTable('clew_migrated', (table) => table.integer('id'));
    const down = (trx: Knex) => trx.schema.dropTable('clew_migrated');
    const migrationSource = {
      getMigrations: async () => ['one'],
      getMigrationName: (name: string) => name,
      getMigration: () => ({ up, down }),
    } as unknown as Knex.MigrationSource<string>;
    const config = { migrationSource, tableName: 'clew_migrations', disableTransactions: false };
    try {
      await within('migrate', () => db.migrate.latest(config));
      const names = (await recorder.takeUntil(({ name }) => name === 'migrate')).map(({ name }) => name);
      expect(names).toContain('CREATE clew_migrated');
      expect(names).toContain('transaction');
    } finally {
      await db.migrate.rollback(config);
      await db.schema.dropTable('clew_migrations').dropTable('clew_migrations_lock');
      recorder.reset();
    }
  });

  test('seeds are queries of the span that runs them', async () => {
    await db.raw('CREATE TEMPORARY TABLE clew_seeded (id INT)');
    recorder.reset();
    await within('seed', () => db.seed.run(SEEDS));
    const spans = await recorder.takeUntil(({ name }) => name === 'seed');
    expect(treesOf(spans)).toEqual([
      [
        'seed',
        ['DELETE clew_seeded'],
        ['INSERT clew_seeded'],
        ['transaction', ['BEGIN'], ['INSERT clew_seeded'], ['COMMIT']],
      ],
    ]);
  });

  test('a seed that fails has the error of its query', async () => {
    const failing = within('seed', () => db.seed.run(SEEDS));
    await expect(failing).rejects.toThrow('"clew_seeded" does not exist');
    const spans = await recorder.takeUntil(({ name }) => name === 'seed');
    expect(treesOf(spans)).toEqual([['seed', ['DELETE clew_seeded']]]);
    expect(spans[1]?.attributes).toMatchObject({ 'error.type': '42P01' });
  });
});

test('SQLite, with a class of its own', async () => {
  openOn(knex, { client: 'better-sqlite3', connection: { filename: ':memory:' }, useNullAsDefault: true });
  await db.transaction(async (trx) => select(trx));
  expect(treesOf(await recorder.take(4))).toEqual([['transaction', ['BEGIN'], ['SELECT'], ['COMMIT']]]);
});
