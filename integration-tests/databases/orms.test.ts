import { KnexInstrumentation } from '@clew/instrumentation-knex';
import { callerSpan, currentSpanId, type RecordedSpan, within } from '@clew/testing';
import { SpanKind } from '@opentelemetry/api';
import knex from 'knex';
import { type OrmConnection, orms, RolledBack } from './orms.ts';
import { tracePostgres } from './postgres-traced.ts';

const { recorder, url, untraced } = tracePostgres();
let knexPlugin: KnexInstrumentation;

beforeAll(async () => {
  await untraced(async (client) => {
    await client.query('CREATE TABLE songs (id INTEGER PRIMARY KEY, title TEXT)');
  });
  knexPlugin = new KnexInstrumentation();
  knexPlugin.instrument(knex);
});
afterAll(() => knexPlugin.disable());

const REQUESTS = 100;
let lastId = 0;

const verbOf = ({ attributes, name }: RecordedSpan) =>
  String(attributes['db.operation.name'] ?? name).split(' ')[0]!;

describe.each(orms.map((orm) => [orm.name, orm] as const))('%s', (_name, orm) => {
  const connected = async (size: number, work: (connection: OrmConnection) => Promise<void>) => {
    const connection = await orm.open(url(), size);
    try {
      // The first query of a connection is preceded by the library's own ones.
      await Promise.all(Array.from({ length: size }, () => connection.find(0)));
      recorder.reset();
      await work(connection);
    } finally {
      await connection.close();
    }
    // Sequelize sets up further connections at any time.
    expect(recorder.spans().filter((span) => verbOf(span) !== 'SET')).toEqual([]);
  };

  test('a query is one CLIENT span', () =>
    connected(1, async ({ find }) => {
      const caller = callerSpan();
      await within(caller, () => find(-1));
      caller.end();
      const [parent, query] = await recorder.take(2);
      expect(query).toMatchObject({
        name: 'SELECT songs',
        kind: SpanKind.CLIENT,
        parentSpanId: parent?.spanId,
      });
      expect(query?.attributes).toMatchObject({
        'db.system.name': 'postgresql',
        'db.collection.name': 'songs',
        'db.response.returned_rows': 0,
        'server.port': Number(new URL(url()).port),
      });
    }));

  test.each([1, 5])('100 requests at once through a pool of %i: each query belongs to its own', (size) =>
    connected(size, async ({ find }) => {
      const callers = Array.from({ length: REQUESTS }, (_, index) => callerSpan(`caller ${index}`));
      const after = await Promise.all(
        callers.map((caller, index) => within(caller, () => find(index).then(() => currentSpanId()))),
      );
      for (const caller of callers) caller.end();
      const ids = callers.map((caller) => caller.spanContext().spanId);
      expect(after).toEqual(ids);
      const ended = await recorder.takeUntil(({ name }) => name === `caller ${REQUESTS - 1}`);
      // Sequelize opens more connections later.
      const spans = ended.filter((span) => span.kind === SpanKind.CLIENT && verbOf(span) !== 'SET');
      expect(spans.map(({ parentSpanId }) => parentSpanId).sort()).toEqual(ids.sort());
    }),
  );

  test.each([false, true])('the statements of transactions at once stay together (rolled back: %s)', (fail) =>
    connected(3, async ({ transaction }) => {
      const callers = Array.from({ length: 10 }, (_, index) => callerSpan(`caller ${index}`));
      const outcomes = await Promise.all(
        callers.map((caller) =>
          within(caller, () =>
            transaction(++lastId, fail).then(
              () => 'done',
              (error: unknown) => (error instanceof RolledBack ? 'rolled back' : error),
            ),
          ),
        ),
      );
      for (const caller of callers) caller.end();
      expect(new Set(outcomes)).toEqual(new Set([fail ? 'rolled back' : 'done']));
      const spans = await recorder.takeUntil(({ name }) => name === 'caller 9');
      for (const caller of callers) {
        const { traceId } = caller.spanContext();
        const verbs = spans
          .filter((span) => span.traceId === traceId && span.kind === SpanKind.CLIENT)
          .map(verbOf)
          // Sequelize sets the level of isolation.
          .filter((verb) => verb !== 'SET');
        expect(verbs).toEqual([
          expect.stringMatching(/BEGIN|START/),
          'INSERT',
          'SELECT',
          fail ? 'ROLLBACK' : 'COMMIT',
        ]);
      }
    }),
  );
});
