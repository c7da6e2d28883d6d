import assert from 'node:assert/strict';
import { SpanKind } from '@opentelemetry/api';
import { expectFailure } from './client-end-tests.ts';
import type { RecordedSpan } from './recording-span.ts';
import { method, type SdkDriver } from './sdk-driver.ts';
import { callerSpan, currentSpanId, within } from './subject.ts';
import type { SuiteTests } from './suite.ts';

const CALLERS = 10;

/** The tests of several requests for one loop, and of one request for several calls. */
export function sharingTests({ adapter, recorder, connected }: SdkDriver): SuiteTests[] {
  return [
    {
      missing: adapter.lacks?.pages,
      tests: {
        'each page is a call of the code that asks for it': async () => {
          await connected({}, async (session, server) => {
            const caller = callerSpan();
            const seen = new Set<string>();
            await within(caller, async () => {
              for await (const _page of method(session, 'pages').call(session, 3)) seen.add(currentSpanId());
            });
            caller.end();
            const spans = await recorder.take(4);
            const { spanId } = caller.spanContext();
            assert.deepEqual([...seen], [spanId]);
            const pages = spans.filter((span) => span.parentSpanId === spanId);
            assert.equal(pages.length, 3);
            assert.deepEqual(
              server.senders,
              pages.map((page) => page.spanId),
            );
          });
        },
        'a loop that is left early asks for no more pages': async () => {
          await connected({}, async (session) => {
            for await (const _page of method(session, 'pages').call(session, 3)) break;
            await recorder.take(1);
          });
        },
      },
    },
    {
      missing: adapter.lacks?.callWithToken,
      tests: {
        'a token that ten calls wait for is fetched under the first call, and the others link to it':
          async () => {
            await connected({}, async (session, server) => {
              const callers = Array.from({ length: CALLERS }, () => callerSpan());
              await Promise.all(
                callers.map((caller) =>
                  within(caller, async () => method(session, 'callWithToken').call(session)),
                ),
              );
              for (const caller of callers) caller.end();
              const spans = await recorder.take(2 * CALLERS + 1);
              const { fetches, calls } = sharingOf(spans);
              const [fetch] = fetches;
              assert(fetch);
              assert.equal(fetch.parentSpanId, calls[0]?.spanId);
              assert.equal(server.senders[0], fetch.spanId);
              const links = calls.map((call) => call.links.map((link) => link.context.spanId));
              assert.deepEqual(links, [[], ...Array(CALLERS - 1).fill([fetch.spanId])]);
              const ids = callers.map((caller) => caller.spanContext().spanId);
              assert.deepEqual(
                calls.map((call) => call.parentSpanId),
                ids,
              );
              assert.deepEqual(server.senders.slice(1).sort(), calls.map((call) => call.spanId).sort());
            });
          },
        'a token that cannot be fetched fails all calls that wait for it': async () => {
          await connected({}, async (session, server) => {
            server.replies.push({ kind: 'failure' });
            await Promise.allSettled([0, 1].map(() => method(session, 'callWithToken').call(session)));
            const spans = await recorder.take(3);
            for (const span of spans) expectFailure(span);
            await method(session, 'callWithToken').call(session);
            const { calls } = sharingOf(await recorder.take(2));
            assert.deepEqual(calls[0]?.links, []);
          });
        },
      },
    },
  ];
}

/** The calls, and the spans of fetching a token, which are children of calls. */
function sharingOf(spans: readonly RecordedSpan[]): { fetches: RecordedSpan[]; calls: RecordedSpan[] } {
  const clients = spans.filter(({ kind }) => kind === SpanKind.CLIENT);
  const ids = new Set(clients.map(({ spanId }) => spanId));
  const fetches = clients.filter(({ parentSpanId }) => ids.has(parentSpanId ?? ''));
  return { fetches, calls: clients.filter((span) => !fetches.includes(span)) };
}
