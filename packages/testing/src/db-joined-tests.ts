import assert from 'node:assert/strict';
import { ATTR, type DbOptions, db, type QueryOperation } from '@clew/core/plugin';
import { SpanKind } from '@opentelemetry/api';
import type { DbConnection, DbDriver } from './db-driver.ts';
import type { SuiteTests } from './suite.ts';
import { suiteTools } from './suite-tools.ts';

const OPTIONS: DbOptions = {
  maxQueryLength: 1022,
  requireParentSpan: false,
  ignore: [],
  recordParameters: [],
};

/** Tests of a driver below a library with a plugin of its own, such as a query builder. */
export function joinedTests({ adapter, recorder, connected }: DbDriver): SuiteTests {
  const { openDriver, system, missingTableCode } = adapter;
  const throughDriver = (work: (driver: DbConnection) => Promise<void>) =>
    connected({}, work, async () => {
      if (openDriver === undefined) throw new Error('expected openDriver from the adapter');
      return openDriver();
    });
  /** The query of a library above the driver. */
  const outerQuery = (sql: string): QueryOperation => {
    const operation = db.startQuery(suiteTools(OPTIONS), () => ({ database: { system }, sql }));
    assert(operation);
    return operation;
  };
  const sql = 'SELECT id FROM songs';

  return {
    tests: {
      'a query that a library above runs through the driver is one span': () =>
        throughDriver(async (driver) => {
          const outer = outerQuery(sql);
          await outer.settle(outer.run(() => driver.query(sql)));
          const [span] = await recorder.take(1);
          assert.equal(span?.kind, SpanKind.CLIENT);
          assert.equal(span.scope.name, '@clew/testing');
          if (adapter.countsRows) assert.equal(span.attributes[ATTR.dbResponseReturnedRows], 0);
        }),
      'the error of a query that a library above runs is recorded once': () =>
        throughDriver(async (driver) => {
          const missing = 'SELECT id FROM no_such_table';
          const outer = outerQuery(missing);
          await assert.rejects(outer.settle(outer.run(() => driver.query(missing))));
          const [span] = await recorder.take(1);
          assert.equal(span?.events.length, 1);
          if (missingTableCode !== undefined)
            assert.equal(span.attributes[ATTR.dbResponseStatusCode], missingTableCode);
        }),
      'another statement, and a second query of the same call, are spans of their own': () =>
        throughDriver(async (driver) => {
          const outer = outerQuery(sql);
          const calls = outer.run(() => [driver.query('SELECT 1'), driver.query(sql), driver.query(sql)]);
          await outer.settle(Promise.all(calls));
          const spans = await recorder.take(3);
          const children = spans.filter(({ parentSpanId }) => parentSpanId === spans[0]?.spanId);
          assert.deepEqual(
            children.map(({ name }) => name),
            ['SELECT', 'SELECT songs'],
          );
        }),
      'a query after the end of the query above is a span of its own': () =>
        throughDriver(async (driver) => {
          const outer = outerQuery(sql);
          outer.run(() => {});
          outer.end();
          await driver.query(sql);
          await recorder.take(2);
        }),
    },
    missing: openDriver === undefined ? 'the adapter has no openDriver' : undefined,
  };
}
