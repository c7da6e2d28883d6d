import assert from 'node:assert/strict';
import { isNativeError } from 'node:util/types';
import { isTracingSuppressed, suppressTracing } from '@clew/core';
import { context, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { callbackOf, type DbDriver, expectOwnCallers, queryAtOnce, queryWithCallback } from './db-driver.ts';
import { callerSpan, currentSpanId, within } from './subject.ts';
import type { SuiteTests } from './suite.ts';

/** Tests of a library that can be called with a callback. */
export function callbackTests({ adapter, recorder, connected }: DbDriver): SuiteTests {
  return {
    tests: {
      'a callback runs in the context of its caller, even if queries wait for a connection': () =>
        connected({}, (db) => expectOwnCallers(recorder, () => queryWithCallback(db))),
      'the callback of an unsampled query runs in the context of its caller': () =>
        connected({}, async (db) => {
          recorder.sampling = 'none';
          const { ids, current } = await queryAtOnce(() => queryWithCallback(db));
          assert.deepEqual(current, ids);
        }),
      'suppressed tracing is suppressed in the callback too': () =>
        connected({}, async (db) => {
          const suppressed = context.with(
            suppressTracing(context.active()),
            () =>
              new Promise((resolve) => {
                callbackOf(db)('SELECT id FROM songs', () => resolve(isTracingSuppressed(context.active())));
              }),
          );
          assert.equal(await suppressed, true);
        }),
      'a query in a callback is a child of the caller': () =>
        connected({}, async (db) => {
          const caller = callerSpan();
          await within(caller, async () => {
            const { promise, resolve } = Promise.withResolvers<string>();
            callbackOf(db)('SELECT id FROM songs', () => resolve(queryWithCallback(db)));
            await promise;
          });
          caller.end();
          const queries = recorder.spans().filter(({ kind }) => kind === SpanKind.CLIENT);
          const { spanId } = caller.spanContext();
          assert.deepEqual(
            queries.map(({ parentSpanId }) => parentSpanId),
            [spanId, spanId],
          );
        }),
      'a callback that gets an error is a failed query, and runs in the context of its caller': () =>
        connected({}, async (db) => {
          const caller = callerSpan();
          const [failed, current] = await within(
            caller,
            () =>
              new Promise<[unknown, string]>((resolve) => {
                callbackOf(db)('SELECT id FROM no_such_table', (error) => resolve([error, currentSpanId()]));
              }),
          );
          caller.end();
          // In Jest, `instanceof` does not work: a native error belongs to another realm than the test.
          assert(isNativeError(failed), `expected an error in the callback, got ${failed}`);
          const [first, span] = await recorder.take(2);
          assert.equal(current, first?.spanId);
          assert.equal(span?.status.code, SpanStatusCode.ERROR);
          assert.equal(span.events.length, 1);
        }),
    },
    missing: adapter.noCallbacks,
  };
}
