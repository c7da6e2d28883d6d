import { asCaller, queriesOf, traceMysql, VERSIONS } from './mysql-traced.ts';

const OWN_STATEMENT = 'SELECT info FROM information_schema.processlist WHERE id = CONNECTION_ID()';

describe.each(VERSIONS)('%s with sqlComments', (_, mysql2) => {
  const { recorder, connect } = traceMysql(mysql2, { sqlComments: true, recordParameters: ['1', 'id'] });

  const infoOf = ([rows]: readonly unknown[]) => (rows as { readonly info: string }[])[0]?.info;

  test('the server gets the trace context of a query', async () => {
    const connection = connect().promise();
    const { result } = await asCaller(() => connection.query(`${OWN_STATEMENT} AND 1 = ?`, [1]));
    const [query] = queriesOf(await recorder.take(2));
    const traceparent = `00-${query?.traceId}-${query?.spanId}-01`;
    expect(infoOf(result)).toBe(`${OWN_STATEMENT} AND 1 = 1 /*traceparent='${traceparent}'*/`);
    expect(query?.attributes['db.query.text']).toBe(`${OWN_STATEMENT} AND ? = ?`);
  });

  test('a statement that is prepared has no comment, so that it is prepared once', async () => {
    const connection = connect().promise();
    const { result } = await asCaller(() => connection.execute(OWN_STATEMENT));
    expect(infoOf(result)).toBe(OWN_STATEMENT);
    await recorder.take(2);
  });

  test('a query outside of a span, with options and a callback, is sent as it is given', async () => {
    const connection = connect();
    const result = await new Promise<unknown[]>((resolve, reject) => {
      connection.query({ sql: OWN_STATEMENT, rowsAsArray: true }, (error, ...rest) =>
        error ? reject(error) : resolve(rest),
      );
    });
    expect(result[0]).toEqual([[expect.stringContaining(OWN_STATEMENT)]]);
    await recorder.take(1);
  });

  test('the values that recordParameters names are recorded, by index and by name', async () => {
    const connection = connect({ namedPlaceholders: true }).promise();
    await connection.query('SELECT ?, ?', ['s3cr3t', 'shown']);
    await connection.execute('SELECT :id, :other', { id: 7, other: 's3cr3t' });
    const spans = await recorder.take(2);
    expect(spans.map(({ attributes }) => attributes)).toMatchObject([
      { 'db.query.parameter.1': 'shown' },
      { 'db.query.parameter.id': '7' },
    ]);
    expect(JSON.stringify(spans)).not.toContain('s3cr3t');
  });
});
