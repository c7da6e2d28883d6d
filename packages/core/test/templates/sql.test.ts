import { readSql } from '../../src/templates/sql.ts';

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
    ['SELECT * FROM (SELECT id FROM songs) t', 'SELECT SELECT songs'],
    ['SELECT * FROM (songs JOIN artists ON true)', 'SELECT songs artists'],
    ['SELECT (SELECT count(*) FROM plays) FROM songs', 'SELECT SELECT plays songs'],
    ['SELECT * FROM songs UNION ALL SELECT * FROM albums', 'SELECT songs SELECT albums'],
    ['SELECT 1', 'SELECT'],
    ['INSERT INTO songs (id, title) VALUES (1, 2), (3, 4)', 'INSERT songs'],
    ['INSERT INTO songs(id) VALUES (1) ON CONFLICT (id) DO UPDATE SET title = 1', 'INSERT songs'],
    ['INSERT INTO songs SELECT * FROM drafts', 'INSERT songs SELECT drafts'],
    ['UPDATE songs SET a = 1, b = 2', 'UPDATE songs'],
    ['UPDATE ONLY songs SET a = 1 FROM artists WHERE b = 2', 'UPDATE songs artists'],
    ['DELETE FROM songs WHERE id = 1', 'DELETE songs'],
    ['MERGE INTO songs USING drafts ON true', 'MERGE songs drafts'],
    ['CREATE TABLE IF NOT EXISTS songs (id int)', 'CREATE songs'],
    ['DROP TABLE IF EXISTS songs', 'DROP songs'],
    ['ALTER TABLE ONLY songs ADD COLUMN a int', 'ALTER songs'],
    ['BEGIN', 'BEGIN'],
    ['BEGIN;', 'BEGIN'],
    ['ROLLBACK TO SAVEPOINT trx1', 'ROLLBACK'],
    ['(SELECT * FROM songs) UNION (SELECT * FROM albums)', 'SELECT songs SELECT albums'],
    ['-- why\nSELECT /* all */ * FROM songs', 'SELECT songs'],
    [
      'WITH new AS (SELECT * FROM drafts) INSERT INTO songs SELECT * FROM new',
      'SELECT drafts INSERT songs SELECT',
    ],
    [
      'WITH RECURSIVE tree (id) AS (SELECT id FROM nodes UNION SELECT id FROM tree) SELECT * FROM tree',
      'SELECT nodes SELECT SELECT',
    ],
    [
      'WITH a AS (SELECT 1), b AS NOT MATERIALIZED (SELECT * FROM a) DELETE FROM songs USING b',
      'SELECT SELECT DELETE songs',
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
    ['MERGE INTO stock s USING drafts d ON true WHEN MATCHED THEN UPDATE SET a = 1', 'MERGE stock drafts'],
    [
      'MERGE stock AS s USING drafts ON true WHEN NOT MATCHED THEN INSERT (a) VALUES (1)',
      'MERGE stock drafts',
    ],
    ['update or ignore songs SET a = 1', 'UPDATE songs'],
    ['INSERT OR REPLACE INTO songs VALUES (1)', 'INSERT songs'],
    ["LOAD DATA LOCAL INFILE 'a.csv' INTO TABLE songs", 'LOAD songs'],
    ['COPY songs FROM stdin', 'COPY songs'],
    ['COPY songs (id, title) FROM stdin WITH (FORMAT csv)', 'COPY songs'],
    ['COPY (SELECT * FROM songs) TO STDOUT', 'COPY SELECT songs'],
    ['SELECT * FROM generate_series(1, 10) AS n', 'SELECT'],
    ['SELECT * FROM songs, unnest(tags) t', 'SELECT songs'],
    ['SELECT * FROM songs CROSS JOIN LATERAL unnest(songs.tags) AS t(tag)', 'SELECT songs'],
    ['replace songs VALUES (1)', 'REPLACE songs'],
    ['REPLACE INTO songs (id) VALUES (1)', 'REPLACE songs'],
    ['insert songs VALUES (1)', 'INSERT songs'],
    ['WITH a AS (SELECT 1) INSERT songs SELECT * FROM a', 'SELECT INSERT songs SELECT'],
    ['truncate songs', 'TRUNCATE songs'],
    ['TRUNCATE TABLE songs, albums', 'TRUNCATE songs albums'],
    ['DELETE songs WHERE id = 1', 'DELETE songs'],
    ['DELETE s FROM songs s JOIN albums a ON true', 'DELETE songs albums'],
    ['DELETE FROM songs WHERE id IN (SELECT song FROM plays)', 'DELETE songs SELECT plays'],
    ['FETCH NEXT FROM c', 'FETCH'],
    ['FETCH c INTO a, b', 'FETCH'],
    ['DECLARE c CURSOR FOR SELECT * FROM songs', 'DECLARE'],
    ['DECLARE @t TABLE (id int)', 'DECLARE'],
    ["SELECT * FROM songs INTO OUTFILE 'a.csv'", 'SELECT songs'],
    ['REVOKE ALL ON songs FROM bo', 'REVOKE'],
    ['CREATE OR REPLACE VIEW best AS SELECT * FROM songs', 'CREATE best SELECT songs'],
    ["SELECT REPLACE(title, 'a', 'b') FROM songs", 'SELECT songs'],
    ['', undefined],
    ['  ', undefined],
    ['/* nothing */', undefined],
  ])('%s is %s', (sql, summary) => {
    expect(readSql(sql, 'postgresql').summary).toBe(summary);
  });

  test('is the same with the quotes of each dialect', () => {
    expect(readSql('SELECT * FROM `my songs`', 'mysql').summary).toBe('SELECT my songs');
    expect(readSql('SELECT * FROM [my songs] s', 'microsoft.sql_server').summary).toBe('SELECT my songs');
    expect(readSql('SELECT * FROM [dbo].[songs]', 'microsoft.sql_server').summary).toBe('SELECT dbo.songs');
    expect(readSql('delete [songs]', 'microsoft.sql_server').summary).toBe('DELETE songs');
    expect(readSql('INSERT INTO songs VALUES (1) ON DUPLICATE KEY UPDATE title = 2', 'mysql').summary).toBe(
      'INSERT songs',
    );
  });

  test('has a collection only if there is exactly one table', () => {
    expect(readSql('SELECT * FROM songs', 'postgresql').collection).toBe('songs');
    expect(readSql('SELECT * FROM songs, artists', 'postgresql').collection).toBeUndefined();
  });

  test('is bounded in length', () => {
    const many = Array.from({ length: 100 }, (_, index) => `table_${index}`).join(', ');
    expect(readSql(`SELECT * FROM ${many}`, 'postgresql').summary?.split(' ')).toHaveLength(9);
    const { summary } = readSql(`SELECT * FROM ${'x'.repeat(1000)}`, 'postgresql');
    // No name is cut.
    expect(summary).toBe('SELECT');
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

  test.each<[sql: string, text: string]>([
    ['SELECT * FROM t WHERE name = "s3cr3t"', 'SELECT * FROM t WHERE name = ?'],
    ['SELECT "s3cr3t"', 'SELECT ?'],
    ['INSERT INTO "t" ("id", "name") VALUES (1, "s3cr3t")', 'INSERT INTO "t" ("id", "name") VALUES (?, ?)'],
    ['SELECT lower("s3cr3t") AS "name" FROM "t"', 'SELECT lower(?) AS "name" FROM "t"'],
    [
      'SELECT "t"."id" FROM "t" WHERE "id" = ? AND "a" IN ("s3cr3t", ?)',
      'SELECT "t"."id" FROM "t" WHERE "id" = ? AND "a" IN (?, ?)',
    ],
    ['UPDATE "t" SET "name" = "s3cr3t" WHERE "id" > 1', 'UPDATE "t" SET "name" = ? WHERE "id" > ?'],
    ['CREATE INDEX "i" ON "t" ("name")', 'CREATE INDEX "i" ON "t" ("name")'],
  ])('SQLite, in which a double-quoted name may be a text: %s', (sql, text) => {
    expect(readSql(sql, 'sqlite').text).toBe(text);
  });

  test('a name in one dialect is a text in another, even if both read the same statement', () => {
    const sql = 'SELECT "s3cr3t"';
    expect(readSql(sql, 'postgresql').text).toBe(sql);
    expect(readSql(sql, 'mysql').text).toBe('SELECT ?');
  });

  test('has at most 4096 characters', () => {
    expect(readSql(`SELECT ${'a, '.repeat(50_000)}b`, 'postgresql').text).toHaveLength(4096);
  });
});
