import assert from 'node:assert/strict';
import { isNativeError } from 'node:util/types';
import { isTracingSuppressed, suppressTracing } from '@clew/core';
import { context, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { type CommandConnection, type CommandDriver, callbacksOf } from './db-command-driver.ts';
import { expectOwnCallers, queryAtOnce } from './db-driver.ts';
import { callerSpan, currentSpanId, within } from './subject.ts';
import type { SuiteTests } from './suite.ts';

/** Runs a command with the library's callback; resolves with the id of the span that is current in the callback. */
function readWithCallback(db: CommandConnection): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  callbacksOf(db).read((error) => {
    if (error) reject(error);
    else resolve(currentSpanId());
  });
  return promise;
}

/** Tests of a library that can be called with a callback. */
export function commandCallbackTests({ adapter, recorder, connected }: CommandDriver): SuiteTests {
  return {
    tests: {
      'a callback runs in the context of its caller': () =>
        connected({}, (db) => expectOwnCallers(recorder, () => readWithCallback(db))),
      'the callback of an unsampled command runs in the context of its caller': () =>
        connected({}, async (db) => {
          recorder.sampling = 'none';
          const { ids, current } = await queryAtOnce(() => readWithCallback(db));
          assert.deepEqual(current, ids);
        }),
      'suppressed tracing is suppressed in the callback too': () =>
        connected({}, async (db) => {
          const suppressed = context.with(
            suppressTracing(context.active()),
            () =>
              new Promise((resolve) => {
                callbacksOf(db).read(() => resolve(isTracingSuppressed(context.active())));
              }),
          );
          assert.equal(await suppressed, true);
        }),
      'a command in a callback is a child of the caller': () =>
        connected({}, async (db) => {
          const caller = callerSpan();
          await within(caller, async () => {
            const { promise, resolve } = Promise.withResolvers<string>();
            callbacksOf(db).read(() => resolve(readWithCallback(db)));
            await promise;
          });
          caller.end();
          const commands = recorder.spans().filter(({ kind }) => kind === SpanKind.CLIENT);
          const { spanId } = caller.spanContext();
          assert.deepEqual(
            commands.map(({ parentSpanId }) => parentSpanId),
            [spanId, spanId],
          );
        }),
      'a callback that gets an error is a failed command, and runs in the context of its caller': () =>
        connected({}, async (db) => {
          const caller = callerSpan();
          const [failed, current] = await within(
            caller,
            () =>
              new Promise<[unknown, string]>((resolve) => {
                callbacksOf(db).fail((error) => resolve([error, currentSpanId()]));
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
