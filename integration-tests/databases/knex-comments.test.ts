import { KnexInstrumentation } from '@clew/instrumentation-knex';
import type { RecordedSpan } from '@clew/testing';
import knex, { type Knex } from 'knex';
import { traceMysql, VERSIONS } from './mysql-traced.ts';
import { tracePostgres } from './postgres-traced.ts';

// The driver's option `sqlComments` for the queries of knex: the comment names the one span of the query.

type ClientClass = typeof knex.Client;
const MysqlClient = jest.requireActual<ClientClass>('knex/lib/dialects/mysql2/index.js');

const commentOf = (span: RecordedSpan | undefined) =>
  `/*traceparent='00-${span?.traceId}-${span?.spanId}-01'*/`;

function useKnex(config: () => Knex.Config): () => Knex {
  let plugin: KnexInstrumentation;
  let db: Knex;
  beforeAll(() => {
    plugin = new KnexInstrumentation();
    plugin.instrument(knex);
    db = knex(config());
  });
  afterAll(async () => {
    await db.destroy();
    plugin.disable();
  });
  return () => db;
}

describe('knex on pg', () => {
  const { recorder, url } = tracePostgres({ sqlComments: true });
  const db = useKnex(() => ({ client: 'pg', connection: url() }));

  test('the server gets the context of the span, of raw queries and of builders', async () => {
    const own = db().raw('pg_backend_pid()');
    const builder = () => db()('pg_stat_activity').select('query').where('pid', own);
    await builder();
    recorder.reset();
    const { rows } = await db().raw(builder().toString());
    const sent = [...rows, ...(await builder())].map(({ query }: { readonly query: string }) => query);
    const spans = await recorder.take(2);
    for (const [index, span] of spans.entries()) {
      expect(span.scope.name).toBe('@clew/instrumentation-knex');
      expect(span.attributes['db.query.text']).not.toContain('traceparent');
      expect(sent[index]).toContain(commentOf(span));
    }
  });
});

describe.each(VERSIONS)('knex on %s', (_, mysql2) => {
  const { recorder, url } = traceMysql(mysql2, { sqlComments: true });
  const client = class extends MysqlClient {
    _driver() {
      return mysql2;
    }
  } as ClientClass;
  const db = useKnex(() => ({ client, connection: url() }));

  test('the server gets the context of the span', async () => {
    await db().raw('SELECT 1');
    recorder.reset();
    const [rows] = await db().raw(
      'SELECT info FROM information_schema.processlist WHERE id = CONNECTION_ID()',
    );
    const [span] = await recorder.take(1);
    expect(span?.scope.name).toBe('@clew/instrumentation-knex');
    expect(span?.attributes['db.query.text']).not.toContain('traceparent');
    expect(rows[0].info).toContain(commentOf(span));
  });
});
