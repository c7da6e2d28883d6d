import { readSql } from '@clew/core';
import fc from 'fast-check';

const SYSTEMS = ['postgresql', 'mysql', 'mariadb', 'sqlite', 'microsoft.sql_server', 'oracle.db'] as const;

describe('the name of a statement', () => {
  test.each<[sql: string, summary: string | undefined]>([
    ['SELECT * FROM songs', 'SELECT songs'],
    ['select id from songs', 'SELECT songs'],
    ['SELECT a.id FROM songs a, artists b WHERE a.id = b.id', 'SELECT songs artists'],
    ['SELECT * FROM songs AS s, artists AS a, labels', 'SELECT songs artists labels'],
    [
      'SELECT * FROM songs s JOIN artists a ON a.id = s.artist LEFT OUTER JOIN labels l USING (id)',
      'SELECT songs artists labels',
    ],
    ['SELECT * FROM songs ORDER BY s, title', 'SELECT songs'],
    ['SELECT * FROM songs GROUP BY gs, title', 'SELECT songs'],
    ['SELECT * FROM songs LIMIT 5, 10', 'SELECT songs'],
    ['SELECT * FROM songs FOR UPDATE SKIP LOCKED', 'SELECT songs'],
    ['SELECT * FROM songs FOR NO KEY UPDATE', 'SELECT songs'],
    ['SELECT EXTRACT(EPOCH FROM made_at) FROM songs', 'SELECT songs'],
    ["SELECT TRIM(BOTH 'x' FROM title) FROM songs", 'SELECT songs'],
    ['SELECT * FROM songs WHERE a IS DISTINCT FROM b', 'SELECT songs'],
    ['SELECT * FROM (SELECT id FROM songs) t', 'SELECT songs'],
    ['SELECT * FROM (songs JOIN artists ON true)', 'SELECT songs artists'],
    ['SELECT (SELECT count(*) FROM plays) FROM songs', 'SELECT plays songs'],
    ['SELECT * FROM songs UNION ALL SELECT * FROM albums', 'SELECT songs albums'],
    ['SELECT 1', 'SELECT'],
    ['INSERT INTO songs (id, title) VALUES (1, 2), (3, 4)', 'INSERT songs'],
    ['INSERT INTO songs(id) VALUES (1) ON CONFLICT (id) DO UPDATE SET title = 1', 'INSERT songs'],
    ['INSERT INTO songs SELECT * FROM drafts', 'INSERT songs drafts'],
    ['UPDATE songs SET a = 1, b = 2', 'UPDATE songs'],
    ['UPDATE ONLY songs SET a = 1 FROM artists WHERE b = 2', 'UPDATE songs artists'],
    ['DELETE FROM songs WHERE id = 1', 'DELETE songs'],
    ['MERGE INTO songs USING drafts ON true', 'MERGE songs'],
    ['CREATE TABLE IF NOT EXISTS songs (id int)', 'CREATE songs'],
    ['DROP TABLE IF EXISTS songs', 'DROP songs'],
    ['ALTER TABLE ONLY songs ADD COLUMN a int', 'ALTER songs'],
    ['BEGIN', 'BEGIN'],
    ['BEGIN;', 'BEGIN'],
    ['ROLLBACK TO SAVEPOINT trx1', 'ROLLBACK'],
    ['(SELECT * FROM songs) UNION (SELECT * FROM albums)', 'SELECT songs albums'],
    ['-- why\nSELECT /* all */ * FROM songs', 'SELECT songs'],
    ['WITH new AS (SELECT * FROM drafts) INSERT INTO songs SELECT * FROM new', 'INSERT drafts songs'],
    [
      'WITH RECURSIVE tree (id) AS (SELECT id FROM nodes UNION SELECT id FROM tree) SELECT * FROM tree',
      'SELECT nodes',
    ],
    [
      'WITH a AS (SELECT 1), b AS NOT MATERIALIZED (SELECT * FROM a) DELETE FROM songs USING b',
      'DELETE songs',
    ],
    ['SELECT * FROM shop.songs', 'SELECT shop.songs'],
    ['SELECT * FROM shop.songs, shop.artists', 'SELECT shop.songs shop.artists'],
    ['SELECT * FROM songs, songs.artists', 'SELECT songs songs.artists'],
    ['SELECT * FROM db . shop . songs WHERE x', 'SELECT db.shop.songs'],
    ['SELECT * FROM "Songs"', 'SELECT Songs'],
    ['SELECT * FROM "shop"."my songs" s', 'SELECT shop.my songs'],
    ['SELECT * FROM "from"', 'SELECT from'],
    ['SELECT * FROM "unfinished', 'SELECT unfinished'],
    ['SELECT * FROM größe', 'SELECT größe'],
    ['SELECT $$ FROM secrets $$ FROM songs', 'SELECT songs'],
    ["SELECT ' FROM secrets ' FROM songs", 'SELECT songs'],
    ['', undefined],
    ['  ', undefined],
    ['/* nothing */', undefined],
  ])('%s is %s', (sql, summary) => {
    expect(readSql(sql, 'postgresql').summary).toBe(summary);
  });

  test('is the same in the quotes of each dialect', () => {
    expect(readSql('SELECT * FROM `my songs`', 'mysql').summary).toBe('SELECT my songs');
    expect(readSql('SELECT * FROM [my songs] s', 'microsoft.sql_server').summary).toBe('SELECT my songs');
    expect(readSql('SELECT * FROM [dbo].[songs]', 'microsoft.sql_server').summary).toBe('SELECT dbo.songs');
    expect(readSql('INSERT INTO songs VALUES (1) ON DUPLICATE KEY UPDATE title = 2', 'mysql').summary).toBe(
      'INSERT songs',
    );
  });

  test('names a table of its own only where there is just one', () => {
    expect(readSql('SELECT * FROM songs', 'postgresql').collection).toBe('songs');
    expect(readSql('SELECT * FROM songs, artists', 'postgresql').collection).toBeUndefined();
  });

  test('has bounds', () => {
    const many = Array.from({ length: 100 }, (_, index) => `table_${index}`).join(', ');
    expect(readSql(`SELECT * FROM ${many}`, 'postgresql').summary?.split(' ')).toHaveLength(9);
    const { summary } = readSql(`SELECT * FROM ${'x'.repeat(1000)}`, 'postgresql');
    expect(summary).toHaveLength(255);
  });
});

describe('the text of a statement', () => {
  test.each<[sql: string, text: string]>([
    ["SELECT 'it''s', 4711, -1.5e-10, .5, 0xFF FROM t1", 'SELECT ?, ?, -?, ?, ? FROM t1'],
    [
      'SELECT * FROM songs WHERE id = $1 AND b = :name AND c = @p1',
      'SELECT * FROM songs WHERE id = $1 AND b = :name AND c = @p1',
    ],
    ["SELECT a::text, '2024-01-01'::date", 'SELECT a::text, ?::date'],
    ["SELECT E'it\\'s s3cr3t'", 'SELECT ?'],
    ["SELECT E'a'\n  'b\\'s3cr3t'", 'SELECT ?'],
    ['SELECT $$it is s3cr3t$$, $q$a $$ s3cr3t$q$', 'SELECT ?, ?'],
    ['SELECT $A$ s3cr3t $a$ s3cr3t $A$', 'SELECT ?'],
    ['SELECT $é$s3cr3t$é$', 'SELECT ?'],
    ['SELECT ARRAY[4711, 12], a[3:4]', 'SELECT ARRAY[?, ?], a[?:?]'],
    ['SELECT 1_000_000, 0b1010, 12abc', 'SELECT ?, ?, ?'],
    ['SELECT /* s3cr3t /* more */ s3cr3t */ 1', 'SELECT  ?'],
    ['SELECT 1 -- s3cr3t', 'SELECT ?'],
    ["SELECT 1 -- it's\rFROM songs WHERE a = 's3cr3t\nx'", 'SELECT ? \rFROM songs WHERE a = ?'],
    ["SELECT 'unfinished s3cr3t", 'SELECT ?'],
    ["SELECT E'unfinished s3cr3t\\", 'SELECT ?'],
    ['SELECT $$unfinished s3cr3t', 'SELECT ?'],
    ['SELECT 1/* unfinished s3cr3t', 'SELECT ?'],
    ['SELECT/**/id', 'SELECT id'],
    ['SELECT a$b$c FROM t', 'SELECT a$b$c FROM t'],
    ['SELECT "a 1" FROM t', 'SELECT "a 1" FROM t'],
    ['SELECT ?', 'SELECT ?'],
  ])('PostgreSQL: %j', (sql, text) => {
    expect(readSql(sql, 'postgresql').text).toBe(text);
  });

  test.each<[sql: string, text: string]>([
    ['SELECT "s3cr3t", \'it\\\'s\', "say \\"hi\\""', 'SELECT ?, ?, ?'],
    ["SELECT 1 # don't\n, 's3cr3t'", 'SELECT ? \n, ?'],
    ["SELECT 1--'a\ns3cr3t'", 'SELECT ?--?'],
    ['SELECT 1 -- s3cr3t', 'SELECT ?'],
    ["SELECT /* /* */ 's3cr3t' /* */", 'SELECT  ?'],
    ["SELECT 's3cr3t\\", 'SELECT ?'],
    ['SELECT `a 1` FROM t', 'SELECT `a 1` FROM t'],
    ["SELECT _utf8mb4'x', x'1F', b'01'", 'SELECT _utf8mb4?, x?, b?'],
  ])('MySQL: %j', (sql, text) => {
    expect(readSql(sql, 'mysql').text).toBe(text);
    expect(readSql(sql, 'mariadb').text).toBe(text);
  });

  test.each<[system: string, sql: string, text: string]>([
    ['microsoft.sql_server', 'SELECT [a 1], $100.50, @p0 FROM [t]', 'SELECT [a 1], $?, @p0 FROM [t]'],
    ['microsoft.sql_server', "SELECT N'it''s'", 'SELECT N?'],
    ['sqlite', 'SELECT ?1, :a, @b, $c, [a 1], `b`', 'SELECT ?1, :a, @b, $c, [a 1], `b`'],
    ['sqlite', "SELECT 'a\\', 's3cr3t'", 'SELECT ?, ?'],
    [
      'oracle.db',
      "SELECT q'[it's s3cr3t]', Q'!it's!', nq'{a'b}' FROM dual WHERE a = :1",
      'SELECT ?, ?, ? FROM dual WHERE a = :1',
    ],
  ])('%s: %j', (system, sql, text) => {
    expect(readSql(sql, system).text).toBe(text);
  });

  test('a name in one dialect is a text in another, also when both read the same statement', () => {
    const sql = 'SELECT "s3cr3t"';
    expect(readSql(sql, 'postgresql').text).toBe(sql);
    expect(readSql(sql, 'mysql').text).toBe('SELECT ?');
  });

  test('has at most 4096 characters', () => {
    expect(readSql(`SELECT ${'a, '.repeat(50_000)}b`, 'postgresql').text).toHaveLength(4096);
  });
});

/** How each dialect writes a text so that it means just `value`. */
const quotings: Record<(typeof SYSTEMS)[number], ((value: string) => string)[]> = {
  postgresql: [
    (value) => `'${value.replaceAll("'", "''")}'`,
    (value) => `E'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`,
    (value) => `$tag$${value.replaceAll('$', '')}$tag$`,
    (value) => `$$${value.replaceAll('$', '')}$$`,
  ],
  mysql: [
    (value) => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`,
    (value) => `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`,
  ],
  mariadb: [(value) => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`],
  sqlite: [(value) => `'${value.replaceAll("'", "''")}'`],
  'microsoft.sql_server': [(value) => `N'${value.replaceAll("'", "''")}'`],
  'oracle.db': [
    (value) => `'${value.replaceAll("'", "''")}'`,
    (value) => `q'[${value.replaceAll(']', '')}]'`,
    (value) => `q'~${value.replaceAll('~', '')}~'`,
  ],
};

const SECRET = 'Zs3cr3tZ';

/** Whatever may stand around a secret in a literal: the characters that end, escape and comment. */
const noise = fc.string({
  unit: fc.constantFrom(...`'"\\\`$[]{}()-#/*~;,.: \n\rqQeEnNaA19é`),
  maxLength: 12,
});

describe('values never leave', () => {
  test.each(SYSTEMS)('%s: not one that stands in a literal, whatever is around it', (system) => {
    const literal = fc
      .tuple(noise, noise, fc.constantFrom(...quotings[system]))
      .map(([before, after, quote]) => quote(`${before}${SECRET}${after}`));
    const fragment = fc.constantFrom(
      'SELECT a FROM t WHERE b =',
      'AND c IN (',
      ')',
      '/* a comment */',
      '-- to the end\n',
      ', "name",',
      '+ 12 -',
      'OR d LIKE',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(literal, fragment), { maxLength: 8 }), (parts) => {
        const { text, summary } = readSql(parts.join(' '), system);
        expect(text).not.toContain(SECRET);
        expect(summary ?? '').not.toContain(SECRET);
      }),
      { numRuns: 400 },
    );
  });

  test.each(SYSTEMS)('%s: not one of a statement that was cut anywhere', (system) => {
    fc.assert(
      fc.property(noise, fc.constantFrom(...quotings[system]), fc.nat(), (around, quote, at) => {
        const literal = quote(`${around}${SECRET}${around}${SECRET}`);
        const sql = `SELECT a FROM t WHERE b = ${literal}`;
        // The text is cut inside its last literal, as it is by the limit of what is read.
        const cut = sql.slice(0, sql.length - 1 - (at % (literal.length - 2)));
        expect(readSql(cut, system).text).not.toContain(SECRET);
      }),
      { numRuns: 300 },
    );
  });

  test.each(SYSTEMS)('%s: not a number', (system) => {
    fc.assert(
      fc.property(fc.integer({ min: 70_000 }), fc.constantFrom('', '-', '+', '(', '@', '.'), (id, before) => {
        expect(readSql(`SELECT * FROM t WHERE a = ${before}${id}`, system).text).not.toContain(String(id));
      }),
    );
  });

  test('no statement is too strange to be read', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 200 }),
        fc.constantFrom(...SYSTEMS),
        (sql, system) => {
          expect(readSql(sql, system).text.length).toBeLessThanOrEqual(4096);
        },
      ),
    );
  });
});

describe('hostile statements', () => {
  /** Steps of the expression are not counted by anybody: a text of the longest length must simply come back. */
  test.each([
    "'",
    '"',
    '`',
    '$',
    '$a$',
    '$a',
    '[',
    '(',
    '/*',
    '*/',
    '--',
    '\\',
    "E'",
    "E'\\",
    "q'",
    '1',
    '1e',
    '.',
    'a.',
    'FROM ',
    'FROM a,',
    "'a'\n",
    "E'a'\n",
    'x',
  ])('%j again and again is read in time that grows with its length only', (piece) => {
    for (const system of SYSTEMS) {
      const { text } = readSql(piece.repeat(Math.ceil(8192 / piece.length)), system);
      expect(text.length).toBeLessThanOrEqual(4096);
    }
  });
});
