// What the template for databases does beyond what every plugin's suite can check.
import { rootContext } from '@clew/core';
import { type DbCommand, db, type QueryOperation, type Tools } from '@clew/core/plugin';
import { context, propagation, SpanKind } from '@opentelemetry/api';
import { recordSpans } from '../src/index.ts';
import { suiteTools } from '../src/suite-tools.ts';

const recorder = recordSpans();
const OPTIONS = { maxQueryLength: 1022, requireParentSpan: false, ignore: [], recordParameters: [] };
const database = { system: 'postgresql', namespace: 'shop', address: 'db.internal', port: 5432 };
const toolsWith = (options: object = {}, rest: object = {}) =>
  ({ ...suiteTools({ ...OPTIONS, ...options }), ...rest }) as Tools<typeof OPTIONS>;
const query = (tools = toolsWith(), rest: object = {}) =>
  db.startQuery(tools, () => ({ database, sql: 'SELECT id FROM songs WHERE id = $1', ...rest }));

describe('a batch', () => {
  test('has its size, and the word BATCH in name and operation', async () => {
    query(toolsWith({ recordParameters: ['0'] }), { batchSize: 3, values: [1] })?.end();
    const [span] = await recorder.take(1);
    expect(span?.name).toBe('BATCH SELECT songs');
    expect(span?.attributes).toEqual({
      'db.system.name': 'postgresql',
      'db.namespace': 'shop',
      'server.address': 'db.internal',
      'server.port': 5432,
      'db.operation.name': 'BATCH SELECT',
      'db.collection.name': 'songs',
      'db.query.summary': 'BATCH SELECT songs',
      'db.query.text': 'SELECT id FROM songs WHERE id = $1',
      'db.operation.batch.size': 3,
    });
  });

  test('of one query is a query', async () => {
    query(toolsWith(), { batchSize: 1 })?.end();
    const [span] = await recorder.take(1);
    expect(span?.name).toBe('SELECT songs');
    expect(span?.attributes).not.toHaveProperty('db.operation.batch.size');
  });
});

test('the summary SELECT leaves out health checks, and no query of a table', async () => {
  const tools = toolsWith({ ignore: ['SELECT'] });
  for (const sql of ['SELECT 1', 'select 1 as ok', 'SELECT now()', 'SELECT id FROM songs'])
    query(tools, { sql })?.end();
  const spans = await recorder.take(1);
  expect(spans.map(({ name }) => name)).toEqual(['SELECT songs']);
});

describe('a command of a database without SQL', () => {
  const run = async (command: DbCommand, options: object = {}) => {
    db.startQuery(toolsWith(options), () => ({ database: { system: 'redis' }, command }))?.end();
    return recorder.take(1);
  };

  test('is described by the plugin', async () => {
    const [span] = await run({ operation: 'SET', text: 'SET songs:1 ?' });
    expect(span).toMatchObject({ name: 'SET', kind: SpanKind.CLIENT });
    expect(span?.attributes).toEqual({
      'db.system.name': 'redis',
      'db.operation.name': 'SET',
      'db.query.summary': 'SET',
      'db.query.text': 'SET songs:1 ?',
    });
  });

  test('is named after its operation and collection, or its summary', async () => {
    const [named] = await run({ operation: 'find', collection: 'songs' });
    const [summed] = await run({ operation: 'find', summary: 'find all' });
    expect([named?.name, summed?.name]).toEqual(['find songs', 'find all']);
  });

  test('can be ignored, with everything that runs below it', async () => {
    const ignored = db.startQuery(toolsWith({ ignore: ['PING'] }), () => ({
      database: { system: 'redis' },
      command: { operation: 'PING' },
    }));
    const below = ignored?.run(() => query());
    ignored?.end();
    expect(below).toBeUndefined();
    expect(recorder.spans()).toEqual([]);
  });
});

describe('bound values', () => {
  test.each<[names: string[], values: object, expected: object]>([
    [['0'], ['a', 'b'], { 'db.query.parameter.0': 'a' }],
    [['id'], { id: 7, pin: 's3cr3t' }, { 'db.query.parameter.id': '7' }],
    [
      ['0', '1', '2'],
      [null, { a: 1 }, new Date(0)],
      {
        'db.query.parameter.0': 'null',
        'db.query.parameter.1': '{"a":1}',
        'db.query.parameter.2': '1970-01-01T00:00:00.000Z',
      },
    ],
    [['0', 'length', 'toString'], [new Uint8Array(2)], { 'db.query.parameter.length': '1' }],
  ])('%j of %j', async (recordParameters, values, expected) => {
    query(toolsWith({ recordParameters }), { values })?.end();
    const [span] = await recorder.take(1);
    const found = Object.entries(span?.attributes ?? {}).filter(([key]) => key.includes('parameter'));
    expect(Object.fromEntries(found)).toEqual(expected);
  });
});

describe('an SQL comment', () => {
  const sql = 'SELECT 1;';
  const tools = (sqlComments: boolean) => ({ ...toolsWith(), options: { ...OPTIONS, sqlComments } });

  test('has the trace context of the span, without baggage', async () => {
    const withBaggage = propagation.setBaggage(rootContext, propagation.createBaggage({ a: { value: 'b' } }));
    const operation = context.with(withBaggage, () => query());
    const sent = db.withComment(tools(true), operation, sql);
    operation?.end();
    const [span] = await recorder.take(1);
    expect(sent).toBe(`SELECT 1 /*traceparent='00-${span?.traceId}-${span?.spanId}-01'*/;`);
  });

  test('is not written by default, for an untraced query or into a statement with a comment', async () => {
    const operation = query();
    expect(db.withComment(tools(false), operation, sql)).toBe(sql);
    expect(db.withComment(tools(true), undefined, sql)).toBe(sql);
    expect(db.withComment(tools(true), operation, 'SELECT 1 -- one')).toBe('SELECT 1 -- one');
    operation?.end();
    await recorder.take(1);
  });
});

describe('the wait for a connection', () => {
  test('is an attribute of the first query on the connection', async () => {
    const connection = {};
    const wait = db.startAcquire(toolsWith(), () => database);
    await wait?.settle(new Promise((resolve) => setTimeout(() => resolve(connection), 5)));
    query(toolsWith(), { connection })?.end();
    query(toolsWith(), { connection })?.end();
    const [first, second] = await recorder.take(2);
    expect(first?.attributes['clew.db.connection_wait_ms']).toBeGreaterThan(3);
    expect(second?.attributes).not.toHaveProperty('clew.db.connection_wait_ms');
  });

  test('that fails is a span, and the callback gets its arguments and keeps its shape', async () => {
    const error = new Error('the pool is full');
    const given = function onConnection(this: unknown, ...args: unknown[]) {
      return [this, ...args];
    };
    const callback = db.startAcquire(toolsWith(), () => database)?.callback(given);
    expect([callback?.name, callback?.length]).toEqual(['onConnection', 0]);
    expect(callback?.call('pool', error, undefined)).toEqual(['pool', error, undefined]);
    callback?.call('pool', error);
    const [span] = await recorder.take(1);
    expect(span?.name).toBe('acquire connection');
    expect(span?.attributes).toMatchObject({ 'server.address': 'db.internal', 'error.type': 'Error' });
  });
});

test.each(['end', 'fail and end'])('an operation leaves the set of its connection at its %s', async (how) => {
  const open = new Set<QueryOperation>();
  const outer = query();
  const joined = outer?.run(() => query());
  for (const operation of [joined, outer]) {
    operation?.keepIn(open);
    expect(open.size).toBe(1);
    if (how !== 'end') operation?.fail(new Error('no'));
    operation?.end();
    expect(open.size).toBe(0);
    operation?.keepIn(open);
    expect(open.size).toBe(0);
  }
  await recorder.take(1);
});
