// Values that databases quote in their errors are never recorded; the application's own error is unchanged.
import { recordSpans } from '@clew/testing';
import type { Knex } from 'knex';
import { findMariadb, type Mariadb } from '../../../integration-tests/services/mariadb.ts';
import { findPostgres, type Postgres } from '../../../integration-tests/services/postgres.ts';
import { instrument, knex } from './subjects.ts';

const SECRET = 's3cr3t';
const recorder = recordSpans();
let mariadb: Mariadb;
let postgres: Postgres;
let plugin: ReturnType<typeof instrument>;
let db: Knex;

beforeAll(async () => {
  [mariadb, postgres] = await Promise.all([findMariadb(), findPostgres()]);
});
afterAll(async () => {
  await Promise.all([mariadb.stop(), postgres.stop()]);
});
beforeEach(() => {
  plugin = instrument();
});
afterEach(async () => {
  await db.destroy();
  plugin.disable();
});

const log = { warn() {}, error() {}, debug() {}, deprecate() {} };

/** Runs the statements in order; the last one fails. */
async function failingSpan(statements: readonly ((db: Knex) => PromiseLike<unknown>)[]) {
  for (const run of statements.slice(0, -1)) await run(db);
  recorder.reset();
  const error: Error = await Promise.resolve(statements.at(-1)?.(db)).then(
    () => Promise.reject(new Error('it did not fail')),
    (failure) => failure,
  );
  expect(error.message).toContain(SECRET);
  const [span] = await recorder.take(1);
  expect(JSON.stringify(span)).not.toContain(SECRET);
  return span?.status.message;
}

const create = (db: Knex) =>
  db.raw('CREATE TEMPORARY TABLE users (id INT UNIQUE, email VARCHAR(60) UNIQUE, born DATETIME UNIQUE)');
const raw =
  (sql: string, values: readonly unknown[] = []) =>
  (db: Knex) =>
    db.raw(sql, values as Knex.RawBinding[]);
const duplicate = (sql: string) => [create, raw(sql), raw(sql)];

describe('MariaDB', () => {
  beforeEach(() => {
    db = knex({ client: 'mysql2', connection: mariadb.url, pool: { min: 1, max: 1 }, log });
  });

  test.each<[string, readonly ((db: Knex) => PromiseLike<unknown>)[], string]>([
    [
      'a literal',
      duplicate("INSERT INTO users (email) VALUES ('ann@s3cr3t')"),
      "Duplicate entry '?' for key 'email'",
    ],
    [
      'a literal with doubled quotes',
      duplicate("INSERT INTO users (email) VALUES ('it''s s3cr3t')"),
      "Duplicate entry '?' for key 'email'",
    ],
    [
      'a double-quoted literal',
      duplicate('INSERT INTO users (email) VALUES ("say ""s3cr3t""")'),
      "Duplicate entry '?' for key 'email'",
    ],
    [
      'a value late in a large insert',
      [
        create,
        raw("INSERT INTO users (email) VALUES ('z s3cr3t')"),
        raw(
          `INSERT INTO users (email) VALUES ${Array.from({ length: 2000 }, (_, at) => `('${at}')`).join()}, ('z s3cr3t')`,
        ),
      ],
      "Duplicate entry '?' for key 'email'",
    ],
    [
      'a syntax error that quotes the statement',
      [raw("SELECT * FORM users WHERE email = 's3cr3t'")],
      "You have an error in your SQL syntax; check the manual that corresponds to your MariaDB server version for the right syntax to use near '?' at line 1",
    ],
    [
      'a value of the wrong type',
      [create, raw("INSERT INTO users (id) VALUES ('s3cr3t')")],
      expect.stringMatching(
        /^Incorrect integer value: '\?' for column .*`id` at row 1$/,
      ) as unknown as string,
    ],
    [
      'a bound text',
      [create, ...Array(2).fill((db: Knex) => db.insert({ email: "o'brien s3cr3t" }).into('users'))],
      "Duplicate entry '?' for key 'email'",
    ],
  ])('%s is a question mark', async (_what, statements, expected) => {
    expect(await failingSpan(statements)).toEqual(expected);
  });

  test.each<[string, (db: Knex) => PromiseLike<unknown>, RegExp]>([
    ['a number', (db) => db.insert({ id: 471147 }).into('users'), /471147/],
    [
      'a date',
      (db) => db.insert({ born: new Date(2026, 0, 2, 3, 4, 5) }).into('users'),
      /2026-01-02 03:04:05/,
    ],
  ])('%s that was bound is a question mark', async (_what, insert, value) => {
    await create(db);
    await insert(db);
    recorder.reset();
    await expect(Promise.resolve(insert(db))).rejects.toThrow(value);
    const [span] = await recorder.take(1);
    expect(span?.status.message).toMatch(/^Duplicate entry '\?' for key '(id|born)'$/);
    expect(JSON.stringify(span?.events)).not.toMatch(value);
  });
});

describe('PostgreSQL', () => {
  beforeEach(() => {
    db = knex({ client: 'pg', connection: postgres.url, pool: { min: 1, max: 1 }, log });
  });

  test.each<[string, string, readonly unknown[], string]>([
    ['doubled quotes', "SELECT 'it''s s3cr3t'::int", [], 'invalid input syntax for type integer: "?"'],
    ['double quotes', `SELECT 'a" s3cr3t "b'::int`, [], 'invalid input syntax for type integer: "?"'],
    ['dollar quotes', 'SELECT $q$it s3cr3t$q$::int', [], 'invalid input syntax for type integer: "?"'],
    ['an escaped text', "SELECT E'it\\'s s3cr3t'::int", [], 'invalid input syntax for type integer: "?"'],
    ['an array', 'SELECT ?::int[]', [['s3cr3t']], 'invalid input syntax for type integer: "?"'],
    ['a malformed array', "SELECT '{s3cr3t'::int[]", [], 'malformed array literal: "?"'],
    [
      'an object with toPostgres',
      'SELECT ?::int',
      [{ toPostgres: () => 's3cr3t' }],
      'invalid input syntax for type integer: "?"',
    ],
    ['a syntax error', "SELECT 'a' 's3cr3t'", [], 'syntax error at or near "?"'],
  ])('%s is a question mark', async (_what, sql, values, expected) => {
    expect(await failingSpan([raw(sql, values)])).toBe(expected);
  });

  test('names of the schema are kept', async () => {
    expect(await failingSpan([raw("SELECT titel, 's3cr3t' FROM pg_class")])).toBe(
      'column "titel" does not exist',
    );
  });
});
