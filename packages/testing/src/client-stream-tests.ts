import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { SpanStatusCode } from '@opentelemetry/api';
import { expectFailure, expectIncomplete } from './client-end-tests.ts';
import { method, readAll, type SdkCall, type SdkDriver, type SdkSession } from './sdk-driver.ts';
import { chunks } from './sdk-server.ts';
import { callerSpan, currentSpanId, laterTurn, tracing, within } from './subject.ts';
import type { SuiteTests } from './suite.ts';

/** The tests of results that are streams. */
export function streamTests(driver: SdkDriver): SuiteTests[] {
  const { adapter, recorder, connected, callOne } = driver;
  const open = (session: SdkSession, call?: SdkCall) => method(session, 'stream').call(session, call);
  const name = adapter.streamName ?? adapter.span.name;
  return [
    {
      missing: adapter.lacks?.stream,
      tests: {
        'the span of a stream ends with the stream, and has the time to the first chunk': async () => {
          await connected({}, async (session, server) => {
            server.replies.push(chunks(3));
            const stream = await open(session);
            assert.equal(recorder.open().length, 1);
            const iterator = stream[Symbol.asyncIterator]();
            const first = await iterator.next();
            assert.notEqual(first.done, true);
            assert.equal(recorder.open().length, 1);
            while ((await iterator.next()).done !== true) assert.equal(recorder.open().length, 1);
            const [span] = await recorder.take(1);
            assert.equal(span?.name, name);
            assert.equal(span.status.code, SpanStatusCode.UNSET);
            assert.deepEqual(server.senders, [span.spanId]);
            const { firstChunkAttribute } = adapter;
            if (firstChunkAttribute === undefined)
              assert.equal(span.events.filter((event) => event.name === 'first chunk').length, 1);
            else assert.equal(typeof span.attributes[firstChunkAttribute], 'number');
          });
        },
        'a stream and its iterator have the classes and the properties that the SDK gives them': async () => {
          const shapeOf = (isTraced: boolean) =>
            tracing(adapter, {}, async (subject) => {
              if (!isTraced) subject.disable();
              const session = await adapter.open(async () => chunks(2));
              const stream = await open(session);
              const iterator = stream[Symbol.asyncIterator]();
              const shapes = [stream, iterator].map((each) => ({
                keys: Object.keys(each),
                class: (each as { constructor?: { name: string } }).constructor?.name,
                tag: Object.prototype.toString.call(each),
              }));
              while ((await iterator.next()).done !== true);
              await session.close?.();
              return shapes;
            });
          const untraced = await shapeOf(false);
          recorder.reset();
          const traced = await shapeOf(true);
          await recorder.take(1);
          assert.deepEqual(traced, untraced);
        },
        'the consumer of a stream stays in its own context': async () => {
          await connected({}, async (session, server) => {
            server.replies.push(chunks(3));
            const caller = callerSpan();
            const seen = new Set<string>();
            await within(caller, async () => {
              for await (const _chunk of await open(session)) seen.add(currentSpanId());
              seen.add(currentSpanId());
            });
            caller.end();
            await recorder.take(2);
            assert.deepEqual([...seen], [caller.spanContext().spanId]);
          });
        },
        'a stream that breaks is a failure, which its consumer receives': async () => {
          const { span, outcome } = await callOne([chunks(2, 'fails')], async (session) =>
            readAll(await open(session)),
          );
          assert.equal(outcome.status, 'rejected');
          expectFailure(span);
        },
        'a stream that its consumer leaves is not a failure': async () => {
          const { span } = await callOne([chunks(5, 'hangs')], async (session) => {
            for await (const _chunk of await open(session)) break;
          });
          expectIncomplete(span, 'abandoned');
        },
        'a stream whose consumer throws is not a failure': async () => {
          const { span, outcome } = await callOne([chunks(5, 'hangs')], async (session) => {
            for await (const _chunk of await open(session)) throw new Error('the consumer failed');
          });
          assert.equal(outcome.status, 'rejected');
          expectIncomplete(span, 'abandoned');
        },
        'a stream that is aborted while its consumer waits is not a failure': async () => {
          const aborting = new AbortController();
          const { span } = await callOne([chunks(1, 'hangs')], async (session) => {
            for await (const _chunk of await open(session, { signal: aborting.signal }))
              setImmediate(() => aborting.abort());
          });
          expectIncomplete(span, 'cancelled');
        },
        'a stream that is aborted while nothing is read ends': async () => {
          const aborting = new AbortController();
          await connected({}, async (session, server) => {
            server.replies.push(chunks(1, 'hangs'));
            const stream = await open(session, { signal: aborting.signal });
            aborting.abort();
            const [span] = await recorder.take(1);
            expectIncomplete(span, 'cancelled');
            assert(stream);
          });
        },
        'a stream that the application never reads ends when it is garbage': async () => {
          await connected({}, async (session, server) => {
            server.replies.push(chunks(1, 'hangs'));
            await openAndRelease(() => open(session));
            await collect(() => recorder.open().length === 0);
            const [span] = await recorder.take(1);
            expectIncomplete(span, 'released');
          });
        },
        'an unsampled stream records nothing': async () => {
          recorder.sampling = 'none';
          await connected({}, async (session, server) => {
            server.replies.push(chunks(3));
            await readAll(await open(session));
            assert.equal(recorder.wastedCalls, 0);
          });
        },
      },
    },
    {
      missing: adapter.lacks?.tee ?? adapter.lacks?.stream,
      tests: {
        'two consumers of a stream are one span, and both get all chunks': async () => {
          await connected({}, async (session, server) => {
            server.replies.push(chunks(3));
            const branches = method(session, 'tee').call(session, await open(session));
            const counts = await Promise.all(branches.map(readAll));
            assert.equal(new Set(counts).size, 1);
            assert.notEqual(counts[0], 0);
            await recorder.take(1);
          });
        },
      },
    },
  ];
}

/** A function of its own, so that no variable refers to the stream. */
async function openAndRelease(open: () => PromiseLike<unknown>): Promise<void> {
  await open();
}

/** Collects garbage until `isDone`, at most 200 times. */
async function collect(isDone: () => boolean): Promise<void> {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  for (let round = 0; round < 200 && !isDone(); round++) {
    gc();
    await laterTurn();
  }
}
