import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { type ClientDriver, type ClientSession, echo, ok } from './client-driver.ts';
import { barrier, callerSpan, currentSpanId, within } from './subject.ts';

/** Tests of the context of a call and of its events. */
export function contextTests({
  adapter,
  recorder,
  calling,
}: ClientDriver): Record<string, () => Promise<void>> {
  /** Makes two calls on one connection. Returns the spans that are current in the events of the second call. */
  const seenBySecond = async (options: object, spans: number) => {
    const peers: (number | undefined)[] = [];
    let sendRest: () => unknown = () => {};
    const inTwoParts: RequestListener = (request, response) => {
      peers.push(request.socket.remotePort);
      response.write('a');
      sendRest = () => response.writableEnded || response.end('b');
    };
    const seen: string[] = [];
    const session: ClientSession = {};
    const second = callerSpan('second');
    await calling(inTwoParts, options, async (url) => {
      const first = callerSpan('first');
      await within(first, () => adapter.call({ url, session, onEvent: () => sendRest() }));
      const onEvent = () => {
        seen.push(currentSpanId());
        sendRest();
      };
      await within(second, () => adapter.call({ url, session, onEvent }));
      first.end();
      second.end();
      await recorder.take(spans);
      await session.close?.();
    });
    assert.equal(peers[0], peers[1], 'the calls must share a connection');
    assert(seen.length > 1, 'the adapter must call onEvent');
    assert.deepEqual(
      seen,
      seen.map(() => second.spanContext().spanId),
    );
  };

  return {
    'events of a call run in the context of its caller, whichever call opened the connection': () =>
      seenBySecond({}, 4),
    'events of an ignored call run in the context of its caller': () =>
      seenBySecond({ ignoreOutgoingRequestHook: () => true }, 2),
    'events of an unsampled call run in the context of its caller': () => {
      recorder.sampling = 'none';
      return seenBySecond({}, 0);
    },
    'the current span is the parent': async () => {
      await calling(ok, {}, async (url) => {
        const caller = callerSpan();
        await within(caller, () => adapter.call({ url }));
        caller.end();
        const [first, client] = await recorder.take(2);
        assert.equal(client?.parentSpanId, first?.spanId);
      });
    },
    "the response is handled in the caller's context": async () => {
      await calling(ok, {}, async (url) => {
        const caller = callerSpan();
        const seen: string[] = [];
        await within(caller, async () => {
          await adapter.call({ url, onResponse: () => seen.push(currentSpanId()) });
          seen.push(currentSpanId());
        });
        caller.end();
        const [{ spanId } = { spanId: '' }] = await recorder.take(2);
        assert.deepEqual(seen, [spanId, spanId]);
      });
    },
    'concurrent calls have their own contexts': async () => {
      const both = barrier(2);
      const slowEcho: RequestListener = (request, response) =>
        void both().then(() => echo(request, response));
      await calling(slowEcho, {}, async (url) => {
        const callers = [callerSpan('first'), callerSpan('second')];
        const bodies = await Promise.all(
          callers.map((caller) =>
            within(caller, async () => {
              const { body } = await adapter.call({ url });
              assert.equal(currentSpanId(), caller.spanContext().spanId);
              caller.end();
              return JSON.parse(body) as Record<string, string>;
            }),
          ),
        );
        const spans = await recorder.take(4);
        for (const [index, caller] of callers.entries()) {
          const client = spans.find((span) => span.parentSpanId === caller.spanContext().spanId);
          assert(client);
          assert.equal(bodies[index]?.traceparent, `00-${client.traceId}-${client.spanId}-01`);
        }
      });
    },
  };
}
