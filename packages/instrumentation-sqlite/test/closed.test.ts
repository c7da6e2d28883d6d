import * as nodeSqlite from 'node:sqlite';
import { DatabaseSync } from 'node:sqlite';
import { recordSpans } from '@clew/testing';
import { SpanStatusCode } from '@opentelemetry/api';
import { SqliteInstrumentation } from '../src/index.ts';

const recorder = recordSpans();
const plugin = new SqliteInstrumentation();
beforeAll(() => plugin.instrument(nodeSqlite));
afterAll(() => plugin.disable());

/** Node shows the path of a database from 22.16 on. */
const hasLocation = 'location' in DatabaseSync.prototype;
const ERROR = { status: { code: SpanStatusCode.ERROR }, attributes: { 'db.system.name': 'sqlite' } };

test('statements on a closed database are spans with the error', async () => {
  const database = new DatabaseSync(':memory:');
  database.close();
  expect(() => database.exec('SELECT 1')).toThrow('not open');
  expect(() => database.prepare('SELECT 2')).toThrow('not open');
  expect(await recorder.take(2)).toMatchObject([ERROR, ERROR]);
});

test('a prepared statement whose database is closed is a span with the error, the text and the path', async () => {
  const database = new DatabaseSync(':memory:');
  const statement = database.prepare('SELECT 1');
  statement.get();
  database.close();
  expect(() => statement.get()).toThrow('finalized');
  const [, span] = await recorder.take(2);
  expect(span).toMatchObject(ERROR);
  expect(span?.attributes['db.query.text']).toBe('SELECT ?');
  expect(span?.attributes['db.namespace']).toBe(hasLocation ? ':memory:' : undefined);
});

(hasLocation ? test : test.skip)('the path of a database is read once, where Node has it', async () => {
  // The types of Node do not have `location` yet.
  const database = new DatabaseSync(':memory:') as DatabaseSync & { location(): string | null };
  let calls = 0;
  const location = database.location.bind(database);
  database.location = () => {
    calls++;
    return location();
  };
  database.exec('SELECT 1');
  database.exec('SELECT 2');
  const spans = await recorder.take(2);
  expect(spans.map(({ attributes }) => attributes['db.namespace'])).toEqual([':memory:', ':memory:']);
  expect(calls).toBe(1);
  database.close();
});
