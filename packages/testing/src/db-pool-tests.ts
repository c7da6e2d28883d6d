import { type DbDriver, expectOwnCallers, queryWithCallback } from './db-driver.ts';
import { currentSpanId } from './subject.ts';
import type { SuiteTests } from './suite.ts';

const REQUESTS = 100;

/** Tests of a hundred requests that share the connections of a pool. */
export function poolTests({ adapter, recorder, connected }: DbDriver): SuiteTests {
  const { openPool, noCallbacks } = adapter;
  const tests: Record<string, () => Promise<void>> = {};
  for (const size of [1, 5]) {
    const open = async () => {
      if (openPool === undefined) throw new Error('expected openPool from the adapter');
      return openPool(size);
    };
    tests[`${REQUESTS} requests at once through a pool of ${size}: each query belongs to its own`] = () =>
      connected(
        {},
        (db) =>
          expectOwnCallers(
            recorder,
            async () => {
              await db.query('SELECT id FROM songs');
              return currentSpanId();
            },
            REQUESTS,
          ),
        open,
      );
    if (noCallbacks !== undefined) continue;
    tests[`${REQUESTS} requests at once through a pool of ${size}: each callback belongs to its own`] = () =>
      connected({}, (db) => expectOwnCallers(recorder, () => queryWithCallback(db), REQUESTS), open);
  }
  return { tests, missing: openPool === undefined ? 'the adapter has no openPool' : undefined };
}
