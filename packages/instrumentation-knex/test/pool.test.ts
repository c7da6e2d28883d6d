import { recordSpans } from '@clew/testing';
import { asCaller, failureOf, knexSetup } from './opened-knex.ts';
import { knex } from './subjects.ts';

const recorder = recordSpans();
const { open } = knexSetup();

describe('the pool', () => {
  test('makes a query wait, and the span of the query has the time of the wait', async () => {
    const db = open();
    const transaction = await db.transaction();
    const waiting = Promise.resolve(db.raw('SELECT 2'));
    await transaction.raw('SELECT pg_sleep(0.02)');
    await Promise.all([transaction.commit(), waiting]);
    const [, , sleep, commit, late] = await recorder.take(5);
    const waits = [sleep, commit, late].map((span) => span?.attributes['clew.db.connection_wait_ms']);
    expect(waits).toEqual([undefined, undefined, expect.any(Number)]);
    // The wait is rounded to microseconds.
    expect(waits[2]).toBeGreaterThanOrEqual(20);
    expect(String(waits[2])).toMatch(/^\d+(\.\d{1,3})?$/);
  });

  test('stays full: there is a span with the error, and no span for the query', async () => {
    const db = open({ acquireConnectionTimeout: 3000 });
    const transaction = await db.transaction();
    const caller = await asCaller('caller', async () => {
      const error = await failureOf(db.raw('SELECT 2'));
      expect(error).toBeInstanceOf(knex.KnexTimeoutError);
    });
    await transaction.rollback();
    const [, , , acquire] = await recorder.take(5);
    expect(acquire).toMatchObject({
      name: 'acquire connection',
      parentSpanId: caller,
      attributes: {
        'db.system.name': 'postgresql',
        'db.namespace': 'test',
        'error.type': 'KnexTimeoutError',
      },
    });
  });

  test('cannot connect to the database: there is a span with the error', async () => {
    const db = open({ connection: { host: '127.0.0.1', port: 1, user: 'app', password: 's3cr3t' } });
    await failureOf(db.raw('SELECT 1'));
    const [acquire] = await recorder.take(1);
    expect(acquire?.attributes).toEqual({
      'db.system.name': 'postgresql',
      'server.address': '127.0.0.1',
      'server.port': 1,
      'error.type': 'ECONNREFUSED',
    });
  });

  test('is not used for a connection of the application', async () => {
    const db = open();
    const connection = await db.client.acquireConnection();
    await db.raw('SELECT 1').connection(connection);
    await db.client.releaseConnection(connection);
    expect(await recorder.take(1)).toHaveLength(1);
  });
});
