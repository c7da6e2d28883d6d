import { join } from 'node:path';
import {
  callerSpan,
  currentSpanId,
  type DbConnection,
  dbSuite,
  manifestSuite,
  type RunQuery,
  recordSpans,
  within,
} from '@clew/testing';
import { createConnection, createPool, type Pool } from 'mysql2';
import { findMariadb, type Mariadb } from '../../../integration-tests/services/mariadb.ts';
import { Mysql2Instrumentation } from '../mysql2-instrumentation.ts';

let mariadb: Mariadb;
beforeAll(async () => {
  mariadb = await findMariadb();
}, 60_000);
afterAll(() => mariadb.stop());

const poolOf = (connectionLimit: number) => createPool({ uri: mariadb.url, connectionLimit });
const poolOfOne = () => poolOf(1);

type Method = 'query' | 'execute';

function queryOf(runner: Pick<ReturnType<Pool['promise']>, Method>, method: Method): RunQuery {
  return (sql, values = []) =>
    method === 'query' ? runner.query(sql, [...values]) : runner.execute(sql, [...values] as string[]);
}

/** The adapter of a pool, with the method that runs a statement. */
function connectionTo(pool: Pool, method: Method): DbConnection {
  return {
    query: queryOf(pool.promise(), method),
    queryWithCallback: (sql, callback) => pool[method](sql, callback),
    transaction: async (work) => {
      const connection = await pool.promise().getConnection();
      try {
        await connection.query('BEGIN');
        await work(queryOf(connection, method));
        await connection.query('COMMIT');
      } catch (error) {
        await connection.query('ROLLBACK');
        throw error;
      } finally {
        connection.release();
      }
    },
    close: () => pool.promise().end(),
  };
}

for (const method of ['query', 'execute'] as const) {
  dbSuite({
    name: `mysql2 on MariaDB with ${method}()`,
    system: 'mysql',
    placeholder: '?',
    instrument: (options) => new Mysql2Instrumentation(options),
    functions: 'it listens to channels',
    open: async () => connectionTo(poolOfOne(), method),
    openPool: async (size) => connectionTo(poolOf(size), method),
    openDriver: async () => {
      const connection = createConnection(mariadb.url).promise();
      return {
        query: queryOf(connection, method),
        transaction: () => Promise.reject(new Error('not used')),
        close: () => connection.end(),
      };
    },
    countsRows: true,
    missingTableCode: '1146',
  });
}

manifestSuite(join(__dirname, '..'), { Mysql2Instrumentation });

describe('a pool of one connection that three requests use at once', () => {
  const recorder = recordSpans();

  test('calls each callback in the context of its caller, and a query in a callback is a child of that caller', async () => {
    const plugin = new Mysql2Instrumentation();
    const pool = poolOfOne();
    const requests = ['one', 'two', 'three'].map(callerSpan);
    const seen = await Promise.all(
      requests.map((request) =>
        within(
          request,
          () =>
            new Promise<string[]>((resolve, reject) => {
              pool.query('SELECT SLEEP(0.01)', (error) => {
                if (error) return reject(error);
                const first = currentSpanId();
                pool.execute('SELECT 1', () => resolve([first, currentSpanId()]));
              });
            }),
        ),
      ),
    );
    for (const request of requests) request.end();
    const ids = requests.map((request) => request.spanContext().spanId);
    expect(seen).toEqual(ids.map((id) => [id, id]));
    const spans = await recorder.take(9);
    for (const id of ids) expect(spans.filter(({ parentSpanId }) => parentSpanId === id)).toHaveLength(2);
    await pool.promise().end();
    plugin.disable();
  });
});
