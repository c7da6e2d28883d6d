import { type DbOptions, db } from '@clew/core/plugin';
import { callerSpan, currentSpanId, recordSpans, suiteTools, within } from '../src/index.ts';

const recorder = recordSpans();

const OPTIONS: DbOptions = {
  maxQueryLength: 1022,
  requireParentSpan: false,
  ignore: [],
  recordParameters: [],
};
const database = { system: 'postgresql', address: 'localhost' };
const error = Object.assign(new Error('password authentication failed'), { code: '28P01' });

test.each([
  ['acquire connection', db.startAcquire],
  ['connect', db.startConnect],
])('a failed wait is a span "%s" with the code of the database', async (name, start) => {
  const tools = suiteTools(OPTIONS);
  await expect(start(tools, () => database)?.settle(Promise.reject(error))).rejects.toBe(error);
  start(tools, () => database)?.callback((_: unknown) => {})(error);
  for (const span of await recorder.take(2)) {
    expect(span.name).toBe(name);
    expect(span.attributes).toMatchObject({
      'db.system.name': 'postgresql',
      'db.response.status_code': '28P01',
      'server.address': 'localhost',
    });
  }
});

test.each([
  ['acquire connection', db.startAcquire],
  ['connect', db.startConnect],
])(
  'with requireParentSpan, a failed wait at start-up has no span "%s", one within a span has',
  async (name, start) => {
    const tools = suiteTools({ ...OPTIONS, requireParentSpan: true });
    expect(start(tools, () => database)).toBeUndefined();
    const caller = callerSpan();
    within(caller, () => start(tools, () => database))?.fail(error);
    caller.end();
    const spans = await recorder.take(2);
    expect(spans.map((span) => span.name)).toEqual(['caller', name]);
  },
);

test('a failed wait in an unsampled trace calls nothing on its span', () => {
  recorder.sampling = 'none';
  const caller = callerSpan();
  for (const start of [db.startAcquire, db.startConnect])
    within(caller, () => start(suiteTools(OPTIONS), () => database))?.fail(error);
  expect(recorder.wastedCalls).toBe(0);
});

test('the callback of a wait runs in the context of its caller and keeps its name, length and result', () => {
  const caller = callerSpan();
  const original = function acquired(this: unknown, _error: unknown, _connection: unknown) {
    return [this, currentSpanId()];
  };
  const callback = within(caller, () =>
    db.startAcquire(suiteTools(OPTIONS), () => database)!.callback(original),
  );
  expect([callback.name, callback.length]).toEqual(['acquired', 2]);
  expect(callback.call(1, null, {})).toEqual([1, caller.spanContext().spanId]);
  caller.end();
  recorder.reset();
});

test('a wait that succeeds has no span; its time is an attribute of the first query on that connection of a pool', async () => {
  const tools = suiteTools(OPTIONS);
  const times: unknown[] = [];
  for (const start of [db.startAcquire, db.startConnect]) {
    const connection = {};
    const wait = start(tools, () => database);
    await new Promise((resolve) => setTimeout(resolve, 10));
    wait?.acquired(connection);
    for (const sql of ['SELECT 1', 'SELECT 2'])
      db.startQuery(tools, () => ({ database, sql, connection }))?.end();
    const spans = await recorder.take(2);
    times.push(...spans.map(({ attributes }) => typeof attributes['clew.db.connection_wait_ms']));
  }
  expect(times).toEqual(['number', 'undefined', 'undefined', 'undefined']);
});

test('the wait of a connection that was given back without a query is not the wait of the next caller', async () => {
  const tools = suiteTools(OPTIONS);
  const connection = {};
  const first = db.startAcquire(tools, () => database);
  await new Promise((resolve) => setTimeout(resolve, 10));
  first?.acquired(connection);
  db.startAcquire(tools, () => database)?.acquired(connection);
  db.startQuery(tools, () => ({ database, sql: 'SELECT 1', connection }))?.end();
  const [span] = await recorder.take(1);
  expect(span?.attributes).not.toHaveProperty('clew.db.connection_wait_ms');
});
