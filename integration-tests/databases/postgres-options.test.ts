import { context, trace } from '@opentelemetry/api';
import pg, { type QueryResult } from 'pg';
import { tracePostgres } from './postgres-traced.ts';

const { recorder, connect } = tracePostgres({ sqlComments: true, recordParameters: ['0'], ignore: ['SHOW'] });

/** A statement that returns its own text, as the server has received it. */
const SENT = 'SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid()';
const sentOf = ({ rows }: QueryResult) => rows[0].query as string;

test('the server gets the context of the span as a comment, in texts and plain objects', async () => {
  const client = await connect();
  const config = { text: `${SENT} AND $1 = 1`, values: [1] };
  const sent = [
    await client.query(SENT),
    await client.query(config),
    await new Promise<QueryResult>((resolve) => client.query(SENT, (_, result) => resolve(result))),
  ].map(sentOf);
  const spans = await recorder.take(3);
  for (const [index, { traceId, spanId, attributes }] of spans.entries()) {
    expect(sent[index]).toContain(`/*traceparent='00-${traceId}-${spanId}-01'*/`);
    expect(attributes['db.query.text']).not.toContain('traceparent');
  }
  expect(config).toEqual({ text: `${SENT} AND $1 = 1`, values: [1] });
});

test('prepared statements, query objects and objects of other classes are sent as they are', async () => {
  class Statement {
    readonly #parts = [SENT];
    get text() {
      return this.#parts.join('');
    }
  }
  const client = await connect();
  const event = new Promise<string>((resolve) => {
    client.query(new pg.Query(SENT)).on('row', ({ query }) => resolve(query));
  });
  expect(await event).toBe(SENT);
  expect(sentOf(await client.query({ name: 'sent', text: SENT }))).toBe(SENT);
  // pg reads the text from a copy of the object, which has no private field.
  await expect(async () => client.query(new Statement() as never)).rejects.toThrow('private');
  await recorder.take(3);
});

test('a bound value is recorded if its index is named; an ignored summary has no span', async () => {
  const client = await connect();
  await client.query('SELECT $1::text, $2::text', ['one', 'two']);
  await client.query('SHOW search_path');
  const [span] = await recorder.take(1);
  expect(span?.attributes['db.query.parameter.0']).toBe('one');
  expect(span?.attributes).not.toHaveProperty('db.query.parameter.1');
});

test('an unsampled query is sent as it is', async () => {
  const client = await connect();
  recorder.sampling = 'none';
  const sent = await context.with(
    trace.setSpan(context.active(), trace.getTracer('test').startSpan('caller')),
    () => client.query(SENT),
  );
  expect(sentOf(sent)).toBe(SENT);
});
