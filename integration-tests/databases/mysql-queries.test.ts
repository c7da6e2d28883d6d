import { once } from 'node:events';
import type { Connection } from 'mysql2-3';
import { asCaller, queriesOf, traceMysql, VERSIONS } from './mysql-traced.ts';

describe.each(VERSIONS)('%s', (_, mysql2) => {
  const { recorder, connect, url } = traceMysql(mysql2);

  const attributesOf = async (work: (connection: Connection) => unknown, options: object = {}) => {
    const connection = connect(options);
    await work(connection);
    const [span, ...rest] = await recorder.take(1);
    expect(rest).toEqual([]);
    return span!.attributes;
  };

  test('a query has the server, the database, its text and the number of rows', async () => {
    const { hostname, port, pathname } = new URL(url());
    const attributes = await attributesOf((connection) =>
      connection.promise().query('SELECT id FROM songs WHERE id > 1'),
    );
    expect(attributes).toEqual({
      'db.system.name': 'mysql',
      'db.namespace': pathname.slice(1),
      'server.address': hostname,
      'server.port': Number(port),
      'db.operation.name': 'SELECT',
      'db.collection.name': 'songs',
      'db.query.summary': 'SELECT songs',
      'db.query.text': 'SELECT id FROM songs WHERE id > ?',
      'db.response.returned_rows': 2,
    });
  });

  test.each([
    ['a list', 'SELECT id FROM songs WHERE id IN (?)', [[1, 2, 3]]],
    ['an object', 'INSERT INTO songs SET ? ON DUPLICATE KEY UPDATE id = id', { id: 1, title: 's3cr3t' }],
    ['a single value', 'SELECT id FROM songs WHERE title = ?', 's3cr3t'],
  ])('%s as the value is one placeholder in the text', async (_name, sql, values) => {
    const attributes = await attributesOf((connection) => connection.promise().query(sql, values));
    expect(attributes['db.query.text']).toBe(sql);
  });

  test('a named placeholder stays in the text', async () => {
    const sql = 'SELECT id FROM songs WHERE title = :title';
    const attributes = await attributesOf(
      (connection) => connection.promise().query(sql, { title: 's3cr3t' }),
      { namedPlaceholders: true },
    );
    expect(attributes['db.query.text']).toBe(sql);
  });

  test.each([
    ['rows as arrays', { rowsAsArray: true }, 'SELECT id, title FROM songs', 3],
    ['several statements', { multipleStatements: true }, 'SELECT 1; SELECT id FROM songs; SET @a = 1', 4],
    [
      'a statement without rows before one with rows',
      { multipleStatements: true },
      'SET @a = 1; SELECT id FROM songs',
      3,
    ],
    [
      'several statements with rows as arrays',
      { multipleStatements: true, rowsAsArray: true },
      'SELECT 1, 2; SELECT id FROM songs',
      4,
    ],
    ['no rows', {}, 'SELECT id FROM songs WHERE id = 0', 0],
    ['a statement that returns no rows', {}, 'DO 1', undefined],
  ])('the rows of %s are counted', async (_name, options, sql, rows) => {
    const attributes = await attributesOf((connection) => connection.promise().query(sql), options);
    expect(attributes['db.response.returned_rows']).toBe(rows);
  });

  test('an application prepares a statement and executes it twice', async () => {
    const statement = await connect().promise().prepare('SELECT id FROM songs WHERE id > ?');
    await statement.execute([1]);
    await expect(statement.execute([])).rejects.toThrow();
    const [first, second] = await recorder.take(2);
    expect(first?.attributes).toMatchObject({
      'db.query.text': 'SELECT id FROM songs WHERE id > ?',
      'db.response.returned_rows': 2,
    });
    expect(second?.events).toHaveLength(1);
  });

  test('the methods of a transaction are statements', async () => {
    const connection = connect().promise();
    await connection.beginTransaction();
    await connection.commit();
    await connection.beginTransaction();
    await connection.rollback();
    const texts = (await recorder.take(4)).map(({ attributes }) => attributes['db.query.text']);
    expect(texts).toEqual(['START TRANSACTION', 'COMMIT', 'START TRANSACTION', 'ROLLBACK']);
  });

  test('a query that is sent before the connection is open is traced', async () => {
    const { id, result } = await asCaller(() => connect().promise().query('SELECT id FROM songs'));
    expect(result[0]).toHaveLength(3);
    expect(queriesOf(await recorder.take(2))).toMatchObject([{ parentSpanId: id }]);
  });

  test('a stream that is destroyed half-way ends its span when the server has sent the rest', async () => {
    const connection = connect();
    const stream = connection.query('SELECT * FROM songs, songs b, songs c').stream();
    await once(stream, 'data');
    stream.destroy();
    await connection.promise().query('SELECT 1');
    const spans = await recorder.take(2);
    for (const { status } of spans) expect(status.code).toBe(0);
  });
});
