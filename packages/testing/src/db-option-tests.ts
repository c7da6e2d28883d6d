import assert from 'node:assert/strict';
import { ATTR } from '@clew/core/plugin';
import type { DbDriver } from './db-driver.ts';
import type { SuiteTests } from './suite.ts';

/** Tests of what is recorded only for some queries: options, rows and codes. */
export function optionTests({ adapter, recorder, connected, queryOne }: DbDriver): SuiteTests['tests'] {
  const { placeholder } = adapter;
  const ignored = (ignore: readonly unknown[]) =>
    connected({ ignore }, async (db) => {
      await db.query('SELECT id FROM songs');
      await db.query("INSERT INTO songs (id, title) VALUES (1, 'one')");
      const [span] = await recorder.take(1);
      assert.equal(span?.name, 'INSERT songs');
    });
  const secret = `SELECT id FROM songs WHERE title = ${placeholder}`;

  return {
    'a query whose summary is in the option ignore has no span': async () => {
      await ignored(['SELECT songs']);
      await ignored([/^SELECT/]);
      await ignored([(summary: string) => summary === 'SELECT songs']);
    },
    'a function of the option ignore that throws ignores nothing': () =>
      connected(
        {
          ignore: [
            () => {
              throw new Error('broken');
            },
          ],
        },
        async (db) => {
          await db.query('SELECT id FROM songs');
          await recorder.take(1);
        },
      ),
    'a bound value is recorded only if the option recordParameters names it': async () => {
      const recorded = await queryOne(secret, ['s3cr3t'], { recordParameters: ['0', '7'] });
      assert.equal(recorded.span.attributes[`${ATTR.dbQueryParameter}0`], 's3cr3t');
      const other = await queryOne(secret, ['s3cr3t'], { recordParameters: ['1'] });
      assert(!JSON.stringify(other.span).includes('s3cr3t'));
    },
  };
}

/** Tests of the number of rows. */
export function rowTests({ adapter, recorder, connected }: DbDriver): SuiteTests {
  return {
    tests: {
      'the number of returned rows is recorded, and none for a statement that returns no rows': () =>
        connected({}, async (db) => {
          await db.query("INSERT INTO songs (id, title) VALUES (1, 'one'), (2, 'two')");
          await db.query('SELECT id FROM songs');
          const spans = await recorder.take(2);
          const rows = spans.map(({ attributes }) => attributes[ATTR.dbResponseReturnedRows]);
          assert.deepEqual(rows, [undefined, 2]);
        }),
    },
    missing: adapter.countsRows ? undefined : 'the plugin does not count rows',
  };
}

/** Tests of the database's code of an error. */
export function codeTests({ adapter, queryOne }: DbDriver): SuiteTests {
  return {
    tests: {
      'the code of the database is recorded with an error': async () => {
        const { span } = await queryOne('SELECT id FROM no_such_table');
        assert.equal(span.attributes[ATTR.dbResponseStatusCode], adapter.missingTableCode);
      },
    },
    missing: adapter.missingTableCode === undefined ? 'the adapter has no missingTableCode' : undefined,
  };
}
