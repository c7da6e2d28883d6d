import assert from 'node:assert/strict';
import { ATTR } from '@clew/core/plugin';
import { SpanStatusCode } from '@opentelemetry/api';
import type { RecordedSpan } from './recording-span.ts';
import { method, type SdkDriver } from './sdk-driver.ts';
import { callerSpan, currentSpanId, within } from './subject.ts';
import type { SuiteTests } from './suite.ts';

/** Checks that a span ended without an error, for this reason. */
export function expectIncomplete(span: RecordedSpan | undefined, reason: string): void {
  assert(span);
  assert.equal(span.attributes[ATTR.clientIncomplete], reason);
  assert.equal(span.status.code, SpanStatusCode.UNSET);
  assert.equal(span.attributes[ATTR.errorType], undefined);
}

/** Checks that a span has one error. */
export function expectFailure(span: RecordedSpan | undefined, type?: string): void {
  assert(span);
  assert.equal(span.status.code, SpanStatusCode.ERROR);
  assert.equal(span.events.filter(({ name }) => name === 'exception').length, 1);
  assert.equal(span.attributes[ATTR.clientIncomplete], undefined);
  if (type !== undefined) assert.equal(span.attributes[ATTR.errorType], type);
}

/** The tests of how a call ends, and of its retries. */
export function callEndTests(driver: SdkDriver): SuiteTests[] {
  const { adapter, recorder, connected, callOne } = driver;
  return [
    {
      tests: {
        'a failed call is recorded, and the application receives its error': async () => {
          const { span, outcome } = await callOne([{ kind: 'failure' }]);
          assert.equal(outcome.status, 'rejected');
          expectFailure(span, adapter.failureType);
        },
        'a call that its caller aborts is not a failure': async () => {
          const aborting = new AbortController();
          const { span, outcome } = await callOne([{ kind: 'silence' }], (session) => {
            setImmediate(() => aborting.abort());
            return session.call({ signal: aborting.signal });
          });
          assert.equal(outcome.status, 'rejected');
          expectIncomplete(span, 'cancelled');
        },
        'a call that is aborted with an error as the reason is a failure with this error': async () => {
          const aborting = new AbortController();
          const { span } = await callOne([{ kind: 'silence' }], (session) => {
            setImmediate(() => aborting.abort(Object.assign(new Error('too slow'), { code: 'TOO_SLOW' })));
            return session.call({ signal: aborting.signal });
          });
          expectFailure(span, 'TOO_SLOW');
        },
      },
    },
    {
      missing: adapter.retries === true ? undefined : 'the SDK does not retry',
      tests: {
        'a call that is retried is one span, and all its requests are sent in its context': async () => {
          const { span, outcome, server } = await callOne([{ kind: 'busy' }]);
          assertRetried(outcome);
          assert.deepEqual(server.senders, [span.spanId, span.spanId]);
          assert.equal(span.status.code, SpanStatusCode.UNSET);
          const retries = span.events.filter(({ name }) => name === 'retry');
          assert.deepEqual(
            retries.map(({ attributes }) => attributes[ATTR.clientRetry]),
            [1],
          );
        },
        'concurrent calls that are retried keep their own contexts': async () => {
          await connected({}, async (session, server) => {
            server.replies.push({ kind: 'busy' }, { kind: 'busy' });
            const outcomes = await Promise.allSettled([session.call(), session.call()]);
            const spans = await recorder.take(2);
            for (const outcome of outcomes) assertRetried(outcome);
            const ids = spans.map(({ spanId }) => spanId);
            assert.deepEqual([...server.senders].sort(), [...ids, ...ids].sort());
          });
        },
      },
    },
    {
      missing: adapter.lacks?.refused,
      tests: {
        'an error that the SDK throws at once is recorded and thrown': async () => {
          await connected({}, async (session) => {
            assert.throws(() => method(session, 'refused').call(session));
            const [span] = await recorder.take(1);
            expectFailure(span);
          });
        },
      },
    },
    {
      missing: adapter.lacks?.lazy,
      tests: {
        'a lazy result is a span from its first `then`, in the context of the code that created it':
          async () => {
            await connected({}, async (session, server) => {
              const caller = callerSpan();
              const result = within(caller, () => method(session, 'lazy').call(session));
              assert.deepEqual(server.senders, []);
              const other = callerSpan('other');
              const after = await within(other, async () => {
                await result;
                await result;
                return currentSpanId();
              });
              caller.end();
              other.end();
              const [first, , call] = await recorder.take(3);
              assert.equal(call?.parentSpanId, first?.spanId);
              assert.deepEqual(server.senders, [call?.spanId]);
              assert.equal(after, other.spanContext().spanId);
            });
          },
        'a lazy result that is never used has no span': async () => {
          await connected({}, async (session, server) => {
            void method(session, 'lazy').call(session);
            assert.deepEqual(server.senders, []);
          });
        },
        'a lazy result that fails is recorded': async () => {
          const { span, outcome } = await callOne([{ kind: 'failure' }], (session) =>
            method(session, 'lazy').call(session),
          );
          assert.equal(outcome.status, 'rejected');
          expectFailure(span, adapter.failureType);
        },
      },
    },
  ];
}

function assertRetried(outcome: PromiseSettledResult<unknown>): void {
  if (outcome.status === 'fulfilled') return;
  assert.fail(`expected the SDK to send a request again after the reply busy, got ${outcome.reason}`);
}
