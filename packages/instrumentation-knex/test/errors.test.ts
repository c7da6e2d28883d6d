import { once } from 'node:events';
import { recordSpans } from '@clew/testing';
import { failureOf, knexSetup } from './opened-knex.ts';

const recorder = recordSpans();
const { open, sqlite } = knexSetup();

describe('an error', () => {
  test('is recorded with the message of the database, without the values that knex adds, and reaches the application unchanged', async () => {
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
  ])('that quotes %s is recorded without the value', async (_what, sql, values) => {
    const error = await failureOf(open().raw(sql, values));
    expect(error).toMatchObject({ code: '22P02', message: expect.stringContaining('s3cr3t') });
    const [span] = await recorder.take(1);
    expect(span?.status.message).toBe('invalid input syntax for type integer: "?"');
    expect(span?.attributes).toMatchObject({ 'db.response.status_code': '22P02', 'error.type': '22P02' });
    expect(JSON.stringify(span)).not.toContain('s3cr3t');
  });

  test('of a timeout that cancels the query is the error of the database', async () => {
    const db = open({ pool: { min: 0, max: 2 } });
    await failureOf(db.raw('SELECT pg_sleep(5)').timeout(30, { cancel: true }));
    const [span] = await recorder.take(1);
    expect(span?.attributes['db.response.status_code']).toBe('57014');
  });

  test('reaches listeners of the builder unchanged', async () => {
    const builder = open().raw('SELECT no_such_column');
    const emitted = once(builder, 'query-error');
    const error = await failureOf(builder);
    expect((await emitted)[0]).toBe(error);
    await recorder.take(1);
  });
});
