import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as nodeSqlite from 'node:sqlite';
import { KnexInstrumentation } from '@clew/instrumentation-knex';
import type { SqliteInstrumentation } from '@clew/instrumentation-sqlite';
import { callerSpan, recordSpans, within } from '@clew/testing';
import { SpanStatusCode } from '@opentelemetry/api';
import knex from 'knex';
import { type Database, LIBRARIES } from './sqlite-libraries.ts';

const SELECT = 'SELECT id FROM songs';

describe.each(LIBRARIES)('$name', ({ name, open, codes, instrument }) => {
  /** Node shows the path of a database from 22.16 on. */
  const knowsPath = name !== 'node:sqlite' || 'location' in nodeSqlite.DatabaseSync.prototype;
  const recorder = recordSpans();
  let folder: string;
  let path: string;
  let plugin: SqliteInstrumentation;
  let db: Database;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'clew-sqlite-'));
    path = join(folder, 'songs.db');
    db = open(path);
    db.exec(
      "CREATE TABLE songs (id INTEGER PRIMARY KEY, title TEXT); INSERT INTO songs VALUES (1, 'one'), (2, 'two')",
    );
    plugin = instrument({ recordParameters: ['title'] });
  });
  afterEach(() => {
    plugin.disable();
    db.close();
    rmSync(folder, { recursive: true });
  });

  const attributesOf = async (work: () => unknown) => {
    work();
    const [span] = await recorder.take(1);
    return span!.attributes;
  };

  test('a statement has the path of the database, its text and the number of rows', async () => {
    expect(await attributesOf(() => db.prepare('SELECT id FROM songs WHERE id > 0').all())).toEqual({
      'db.system.name': 'sqlite',
      ...(knowsPath && { 'db.namespace': path }),
      'db.operation.name': 'SELECT',
      'db.collection.name': 'songs',
      'db.query.summary': 'SELECT songs',
      'db.query.text': 'SELECT id FROM songs WHERE id > ?',
      'db.response.returned_rows': 2,
    });
  });

  test.each([
    ['get, which finds a row', 'get', [1], 1],
    ['get, which finds none', 'get', [7], 0],
    ['all', 'all', [1], 1],
  ] as const)('the rows of %s are counted', async (_name, method, values, rows) => {
    const attributes = await attributesOf(() => db.prepare(`${SELECT} WHERE id = ?`)[method](...values));
    expect(attributes['db.response.returned_rows']).toBe(rows);
  });

  test('a statement that is run has no number of rows', async () => {
    const attributes = await attributesOf(() => db.prepare('DELETE FROM songs WHERE id = ?').run(1));
    expect(attributes).not.toHaveProperty('db.response.returned_rows');
  });

  test('an iteration is a span that ends with the last row', async () => {
    const iterator = db.prepare(SELECT).iterate();
    expect(recorder.open()).toHaveLength(1);
    expect([...iterator]).toHaveLength(2);
    const [span] = await recorder.take(1);
    expect(span?.attributes['db.response.returned_rows']).toBe(2);
    expect(iterator.next().done).toBe(true);
  });

  test('an iteration that the application leaves ends its span', async () => {
    for (const _ of db.prepare(SELECT).iterate()) break;
    const [span] = await recorder.take(1);
    expect(span?.attributes['db.response.returned_rows']).toBe(1);
  });

  test('an unsampled iteration keeps the methods of its class', () => {
    recorder.sampling = 'none';
    const iterator = db.prepare(SELECT).iterate();
    const properties = Object.getOwnPropertyNames(iterator);
    expect([...iterator]).toHaveLength(2);
    expect(recorder.wastedCalls).toBe(0);
    plugin.disable();
    const untraced = db.prepare(SELECT).iterate();
    expect(properties).toEqual(Object.getOwnPropertyNames(untraced));
    expect([...untraced]).toHaveLength(2);
  });

  test('exec with several statements is one span', async () => {
    const attributes = await attributesOf(() =>
      db.exec("BEGIN; INSERT INTO songs VALUES (3, 's3cr3t'); COMMIT"),
    );
    expect(attributes['db.query.text']).toBe('BEGIN; INSERT INTO songs VALUES (?, ?); COMMIT');
  });

  test('a named value is recorded if recordParameters names it, and no other', async () => {
    const sql = 'INSERT INTO songs VALUES ($id, $title)';
    const attributes = await attributesOf(() => db.prepare(sql).run({ id: 4711, title: 'shown' }));
    expect(attributes).toMatchObject({ 'db.query.text': sql, 'db.query.parameter.title': 'shown' });
    expect(JSON.stringify(attributes)).not.toContain('4711');
  });

  test('errors have the code of SQLite, and no value', async () => {
    const insert = db.prepare('INSERT INTO songs VALUES (?, ?)');
    expect(() => insert.run(1, 's3cr3t')).toThrow('UNIQUE');
    expect(() => db.prepare('SELECT s3cr3t FROM songs')).toThrow('no such column');
    expect(() => db.exec('SELEC 1')).toThrow('syntax error');
    const other = open(path);
    other.exec('BEGIN EXCLUSIVE');
    expect(() => insert.run(3, 'three')).toThrow('locked');
    other.exec('ROLLBACK');
    other.close();
    const spans = await recorder.take(6);
    const failed = spans.filter(({ status }) => status.code === SpanStatusCode.ERROR);
    expect(failed.map(({ attributes }) => attributes['db.response.status_code'])).toEqual([
      codes.key,
      codes.error,
      codes.error,
      codes.busy,
    ]);
    for (const { events } of failed) expect(events).toHaveLength(1);
    expect(JSON.stringify(failed[0])).not.toContain('s3cr3t');
  });

  test('the span of the caller is the parent', async () => {
    const caller = callerSpan();
    within(caller, () => db.prepare(SELECT).all());
    caller.end();
    const [parent, query] = await recorder.take(2);
    expect(query?.parentSpanId).toBe(parent?.spanId);
  });
});

describe('what only one of the libraries has', () => {
  const recorder = recordSpans();
  const [node, better] = LIBRARIES;

  test('better-sqlite3: the statements of a transaction and of a pragma are spans', async () => {
    const plugin = better!.instrument();
    const db = better!.open(':memory:') as Database & {
      transaction(work: () => void): () => void;
      pragma(source: string): unknown;
    };
    db.pragma('user_version');
    db.transaction(() => db.exec('CREATE TABLE songs (id INTEGER)'))();
    const rollback = db.transaction(() => {
      throw new Error('rolled back');
    });
    expect(rollback).toThrow('rolled back');
    const texts = (await recorder.take(6)).map(({ attributes }) => attributes['db.query.text']);
    expect(texts).toEqual([
      'PRAGMA user_version',
      'BEGIN',
      'CREATE TABLE songs (id INTEGER)',
      'COMMIT',
      'BEGIN',
      'ROLLBACK',
    ]);
    db.close();
    plugin.disable();
  });

  test('node:sqlite: a statement in a function of the application is a child of the one that calls it', async () => {
    const plugin = node!.instrument();
    const db = node!.open(':memory:');
    const inner = db.prepare('SELECT 1');
    db.function('nested', () => Number(inner.get() !== undefined));
    db.prepare('SELECT nested() FROM sqlite_schema UNION SELECT nested()').get();
    const [outer, nested] = await recorder.take(2);
    expect(outer?.name).toContain('sqlite_schema');
    expect(nested?.parentSpanId).toBe(outer?.spanId);
    db.close();
    plugin.disable();
  });

  const hasTagStore = 'createTagStore' in nodeSqlite.DatabaseSync.prototype;

  (hasTagStore ? test : test.skip)(
    'node:sqlite: a tagged template is a span without its values',
    async () => {
      const plugin = node!.instrument();
      const db = node!.open(':memory:') as Database & {
        createTagStore(): { get(strings: TemplateStringsArray, ...values: unknown[]): unknown };
      };
      const sql = db.createTagStore();
      expect(sql.get`SELECT ${'s3cr3t'} AS title`).toEqual({ title: 's3cr3t' });
      const [span] = await recorder.take(1);
      expect(span?.attributes).toMatchObject({
        'db.namespace': ':memory:',
        'db.query.text': 'SELECT ? AS title',
        'db.response.returned_rows': 1,
      });
      expect(JSON.stringify(span)).not.toContain('s3cr3t');
      db.close();
      plugin.disable();
    },
  );

  test('knex on better-sqlite3 has one span for a query, and one error', async () => {
    const plugins = [better!.instrument(), new KnexInstrumentation()] as const;
    plugins[1].instrument(knex);
    const db = knex({
      client: 'better-sqlite3',
      connection: { filename: ':memory:' },
      useNullAsDefault: true,
    });
    await db.schema.createTable('songs', (table) => table.integer('id'));
    expect(await db('songs').where('id', 1)).toEqual([]);
    await expect(db('missing')).rejects.toThrow('no such table');
    const spans = await recorder.take(3);
    expect(spans.map(({ name }) => name)).toEqual(['CREATE songs', 'SELECT songs', 'SELECT missing']);
    expect(spans.map(({ events }) => events.length)).toEqual([0, 0, 1]);
    await db.destroy();
    for (const plugin of plugins) plugin.disable();
  });
});
