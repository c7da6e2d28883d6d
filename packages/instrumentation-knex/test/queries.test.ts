// Builders, which run only when they are awaited, and streams.

import { pipeline } from 'node:stream/promises';
import { recordSpans } from '@clew/testing';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { Knex } from 'knex';
import { asCaller, knexSetup } from './opened-knex.ts';

const recorder = recordSpans();
const { disable, open, sqlite } = knexSetup();

describe('a builder', () => {
  test('has the caller that runs it as its parent, even if it was created elsewhere or cloned', async () => {
    const made = open().select('oid').from('pg_class').limit(1);
    const first = await asCaller('first', () => made);
    const second = await asCaller('second', () => made.clone().where('oid', 1));
    const queries = (await recorder.take(4)).filter(({ kind }) => kind === SpanKind.CLIENT);
    expect(queries.map(({ parentSpanId }) => parentSpanId)).toEqual([first, second]);
  });

  test('does not run until it is awaited, and runs twice if it is awaited twice', async () => {
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
    disable();
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

  test('is one child span of its caller, and ends with the stream', async () => {
    const db = open();
    let rows = 0;
    const caller = await asCaller('caller', async () => {
      for await (const _ of db.raw(numbers).stream()) rows++;
    });
    expect(rows).toBe(1000);
    const [, span] = await recorder.take(2);
    expect(span).toMatchObject({ parentSpanId: caller, status: { code: SpanStatusCode.UNSET } });
  });

  test('ends without an error if its reader destroys it', async () => {
    const db = open();
    for await (const _ of db.raw(numbers).stream()) break;
    const [span] = await recorder.take(1);
    expect(span?.status.code).toBe(SpanStatusCode.UNSET);
  });

  test('ends with an error if the database aborts it', async () => {
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
