import { KnexInstrumentation } from '@clew/instrumentation-knex';
import { SpanStatusCode } from '@opentelemetry/api';
import knex, { type Knex } from 'knex';
import { asCaller, failureOf, queriesOf, tracePostgres } from './postgres-traced.ts';

const { recorder, url } = tracePostgres();

let plugin: KnexInstrumentation;
let db: Knex;
beforeAll(() => {
  plugin = new KnexInstrumentation();
  plugin.instrument(knex);
});
beforeEach(async () => {
  db = knex({ client: 'pg', connection: url(), pool: { min: 0, max: 2 } });
  await db.schema.dropTableIfExists('songs');
  await db.schema.createTable('songs', (table) => void table.string('title').unique());
  recorder.reset();
});
afterEach(() => db.destroy());
afterAll(() => plugin.disable());

const scopesOf = (spans: readonly { readonly scope: { readonly name: string } }[]) =>
  new Set(spans.map(({ scope }) => scope.name));

test('a query of knex is one span, to which pg adds the rows and the address', async () => {
  await db('songs').insert([{ title: 'Ariadne' }, { title: 'Theseus' }]);
  await db('songs').where('title', 'like', 'A%');
  await db.raw('SELECT title FROM songs WHERE title <> ?', ['x']);
  const spans = await recorder.take(3);
  expect(spans.map(({ name }) => name)).toEqual(['INSERT songs', 'SELECT songs', 'SELECT songs']);
  expect(spans.map(({ attributes }) => attributes['db.response.returned_rows'])).toEqual([undefined, 1, 2]);
  expect(scopesOf(spans)).toEqual(new Set(['@clew/instrumentation-knex']));
  const { hostname, port } = new URL(url());
  for (const { attributes } of spans)
    expect(attributes).toMatchObject({ 'server.address': hostname, 'server.port': Number(port || 5432) });
});

test('an error of the database is recorded once, with its code', async () => {
  await db('songs').insert({ title: 'Ariadne' });
  await expect(db('songs').insert({ title: 'Ariadne' })).rejects.toMatchObject({ code: '23505' });
  await expect(db('missing')).rejects.toMatchObject({ code: '42P01' });
  const [, duplicate, missing] = await recorder.take(3);
  const failed = (code: string) => ({ code, errors: 1, status: SpanStatusCode.ERROR });
  expect([failureOf(duplicate!), failureOf(missing!)]).toEqual([failed('23505'), failed('42P01')]);
  expect(JSON.stringify(duplicate)).not.toContain('Ariadne');
});

test('the statements of transactions and savepoints are one span each', async () => {
  const { id } = await asCaller(() =>
    db.transaction(async (outer) => {
      await outer('songs').insert({ title: 'one' });
      await outer.transaction((inner) => inner('songs').insert({ title: 'two' }));
      await outer('songs').count();
    }),
  );
  const queries = queriesOf(await recorder.takeUntil(({ name }) => name.startsWith('COMMIT')));
  const verbs = queries.map(({ attributes }) => attributes['db.operation.name']);
  expect(verbs.filter((verb) => verb === 'INSERT')).toHaveLength(2);
  expect(new Set(verbs)).toEqual(new Set(['BEGIN', 'INSERT', 'SAVEPOINT', 'RELEASE', 'SELECT', 'COMMIT']));
  expect(queries).toHaveLength(7);
  for (const { parentSpanId } of queries) expect(parentSpanId).toBe(id);
});

test('a stream is one span: read to its end, left early, or failed', async () => {
  await db('songs').insert(Array.from({ length: 300 }, (_, index) => ({ title: `song ${index}` })));
  let rows = 0;
  for await (const _ of db('songs').stream()) rows++;
  expect(rows).toBe(300);
  for await (const _ of db('songs').stream({ highWaterMark: 2 })) break;
  const broken = db.select(db.raw('1 / (length(title) - 8)')).from('songs').stream();
  await expect(broken.toArray()).rejects.toMatchObject({ code: '22012' });
  const spans = await recorder.take(4);
  expect(spans.map(({ events }) => events.length)).toEqual([0, 0, 0, 1]);
  expect(spans[3]?.attributes['db.response.status_code']).toBe('22012');
});

test('a hundred queries at once: one span each, in the trace of its caller', async () => {
  const callers = await Promise.all(
    Array.from({ length: 100 }, () => asCaller(async () => await db('songs'))),
  );
  const queries = queriesOf(await recorder.take(200));
  expect(queries.map(({ parentSpanId }) => parentSpanId).sort()).toEqual(callers.map(({ id }) => id).sort());
});

test('a refused connection is one span for each query that needs it', async () => {
  const refused = knex({ client: 'pg', connection: { host: '127.0.0.1', port: 1 } });
  const query = () => expect(refused.raw('SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await Promise.all([query(), query(), query()]);
  await refused.destroy();
  const spans = await recorder.take(3);
  expect(spans.map(({ name }) => name)).toEqual(Array(3).fill('acquire connection'));
});

test('queries of different builders in one call are spans of their own', async () => {
  await Promise.all([db('songs').select(), db('songs').count(), db.raw('SELECT 1')]);
  const spans = await recorder.take(3);
  expect(spans.map(({ events }) => events.length)).toEqual([0, 0, 0]);
});
