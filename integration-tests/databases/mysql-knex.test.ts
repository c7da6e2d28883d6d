import { KnexInstrumentation } from '@clew/instrumentation-knex';
import { SpanStatusCode } from '@opentelemetry/api';
import knex, { type Knex } from 'knex';
import { asCaller, failureOf, queriesOf, traceMysql, VERSIONS } from './mysql-traced.ts';

type ClientClass = typeof knex.Client;
const MysqlClient = jest.requireActual<ClientClass>('knex/lib/dialects/mysql2/index.js');

describe.each(VERSIONS)('knex on %s', (_, mysql2) => {
  const { recorder, url } = traceMysql(mysql2);
  let plugin: KnexInstrumentation;
  let db: Knex;

  beforeAll(() => {
    plugin = new KnexInstrumentation();
    plugin.instrument(knex);
    const client = class extends MysqlClient {
      _driver() {
        return mysql2;
      }
    };
    db = knex({ client: client as ClientClass, connection: url(), pool: { min: 0, max: 2 } });
  });
  afterAll(async () => {
    await db.destroy();
    plugin.disable();
  });

  test('a query has one span, with what only the driver knows', async () => {
    // knex checks a new connection with a query of its own.
    await db.raw('SELECT 1');
    recorder.reset();
    const { id, result } = await asCaller(async () => db('songs').where('id', '>', 1).select('title'));
    expect(result).toHaveLength(2);
    const [query, ...rest] = queriesOf(await recorder.take(2));
    expect(rest).toEqual([]);
    expect(query).toMatchObject({ name: 'SELECT songs', parentSpanId: id });
    expect(query?.attributes).toMatchObject({
      'server.address': '127.0.0.1',
      'server.port': Number(new URL(url()).port),
      'db.query.text': 'select `title` from `songs` where `id` > ?',
      'db.response.returned_rows': 2,
    });
  });

  test('a failed query is recorded once', async () => {
    await expect(db('missing')).rejects.toMatchObject({ errno: 1146 });
    expect((await recorder.take(1)).map(failureOf)).toEqual([
      {
        name: 'SELECT missing',
        code: '1146',
        type: 'ER_NO_SUCH_TABLE',
        errors: 1,
        status: SpanStatusCode.ERROR,
      },
    ]);
  });

  test('a stream has one span', async () => {
    const titles: unknown[] = [];
    for await (const { title } of db('songs').select('title').stream()) titles.push(title);
    expect(titles).toHaveLength(3);
    expect(await recorder.take(1)).toMatchObject([{ name: 'SELECT songs' }]);
  });

  test('each statement of a transaction has one span', async () => {
    await db.transaction(async (transaction) => {
      await transaction('songs').where({ id: 1 }).update({ title: 'one' });
    });
    const names = (await recorder.takeUntil(({ name }) => name.startsWith('COMMIT'))).map(({ name }) => name);
    expect(names.filter((name) => name !== 'transaction')).toEqual(['BEGIN', 'UPDATE songs', 'COMMIT']);
  });
});
