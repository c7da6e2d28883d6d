import { callerSpan, currentSpanId, prepareRecorder, recordSpans, within } from '@clew/testing';
import type * as Grpc from '@grpc/grpc-js';
import { SpanKind } from '@opentelemetry/api';
import { subjects } from './apis.ts';
import { kinds, make, servedBy } from './kinds.ts';
import { instrument, traced } from './traced.ts';

const respondAll = servedBy((call) => {
  call.write('one');
  call.respond();
});

describe.each(subjects)('$name', ({ api, recorder: options }) => {
  const recorder = recordSpans(prepareRecorder(options));

  test.each(kinds)(
    '%s: handlers run in the context of the call, and listeners in that of the caller',
    (kind) => {
      const ids: Record<string, string | undefined> = {};
      const handlers = servedBy((call) => {
        ids.handler = currentSpanId();
        setImmediate(() => {
          ids.later = currentSpanId();
          call.write('one');
          call.respond();
        });
      });
      return traced(api, handlers, async ({ client }) => {
        const caller = callerSpan();
        await within(caller, () => {
          const call = make(api, client, kind, {
            done: () => {
              ids.callback = currentSpanId();
            },
          });
          for (const event of ['metadata', 'status'])
            call.on(event, () => {
              ids[event] = currentSpanId();
            });
          if (kind === 'list' || kind === 'chat')
            call.on('data', () => {
              ids.data = currentSpanId();
            });
          return call.code;
        });
        caller.end();
        const spans = await recorder.take(3);
        const { spanId } = caller.spanContext();
        const [client_, server] = [SpanKind.CLIENT, SpanKind.SERVER].map((wanted) =>
          spans.find((span) => span.kind === wanted),
        );
        expect(client_?.parentSpanId).toBe(spanId);
        const { handler, later, ...listeners } = ids;
        expect([handler, later]).toEqual([server?.spanId, server?.spanId]);
        expect(new Set(Object.values(listeners))).toEqual(new Set([spanId]));
        expect(Object.keys(listeners).sort()).toEqual(
          ['metadata', 'status', kind === 'list' || kind === 'chat' ? 'data' : 'callback'].sort(),
        );
      });
    },
  );

  test.each(kinds)('%s: the metadata of the application is not changed, and arrives', (kind) => {
    let received: Grpc.Metadata | undefined;
    const handlers = servedBy((call) => {
      received = call.metadata;
      call.respond();
    });
    return traced(api, handlers, async ({ client }) => {
      const metadata = new api.grpc.Metadata();
      metadata.set('tenant', 'acme');
      metadata.set('key-bin', Buffer.from([0, 255]));
      await make(api, client, kind, { metadata }).code;
      expect(metadata.getMap()).toEqual({ tenant: 'acme', 'key-bin': Buffer.from([0, 255]) });
      expect(received?.get('tenant')).toEqual(['acme']);
      expect(received?.get('key-bin')).toEqual([Buffer.from([0, 255])]);
      const [span] = (await recorder.take(2)).filter(({ kind: given }) => given === SpanKind.CLIENT);
      expect(received?.get('traceparent')[0]).toContain(span?.spanId);
    });
  });

  test('a hook gets a copy of the metadata, and one that throws does no harm', () => {
    let tenant: unknown;
    const handlers = servedBy((call) => {
      tenant = call.metadata.get('tenant');
      call.respond();
    });
    const sides: string[] = [];
    const requestHook = (_: unknown, call: { metadata: Grpc.Metadata; side: string; method: string }) => {
      sides.push(`${call.side} ${call.method}`);
      call.metadata.set('tenant', 'other');
      throw new Error('a hook');
    };
    return traced(
      api,
      handlers,
      async ({ client }) => {
        const metadata = new api.grpc.Metadata();
        metadata.set('tenant', 'acme');
        expect(await make(api, client, 'unary', { metadata }).code).toBe(0);
        expect(tenant).toEqual(['acme']);
        expect(metadata.get('tenant')).toEqual(['acme']);
        expect(sides).toEqual(['client shop.Orders/Unary', 'server shop.Orders/Unary']);
        await recorder.take(2);
      },
      { requestHook },
    );
  });

  test('an ignored method has no spans, and passes the context of its caller on', () =>
    traced(
      api,
      servedBy((call) => {
        const served = currentSpanId();
        expect(served).toBeDefined();
        call.respond();
      }),
      async ({ client }) => {
        const caller = callerSpan();
        expect(await within(caller, () => make(api, client, 'unary').code)).toBe(0);
        caller.end();
        await recorder.take(1);
      },
      { ignore: ['shop.Orders/Unary'] },
    ));

  test('with requireParentSpan, a call outside of a span has no CLIENT span', () =>
    traced(
      api,
      respondAll,
      async ({ client }) => {
        expect(await make(api, client, 'list').code).toBe(0);
        expect((await recorder.take(1)).map(({ kind }) => kind)).toEqual([SpanKind.SERVER]);
      },
      { requireParentSpan: true },
    ));

  test('interceptors of clients and servers work, and see no trace context of the client', () => {
    const seen: string[][] = [];
    const interceptor: Grpc.Interceptor = (options, nextCall) =>
      new api.grpc.InterceptingCall(nextCall(options), {
        start: (metadata, listener, next) => {
          seen.push(Object.keys(metadata.getMap()));
          metadata.set('added', 'yes');
          next(metadata, listener);
        },
      });
    let added: unknown;
    const handlers = servedBy((call) => {
      added = call.metadata.get('added');
      call.respond();
    });
    return traced(api, handlers, async ({ newClient }) => {
      const client = newClient({ interceptors: [interceptor] });
      for (const kind of kinds) expect(await make(api, client, kind).code).toBe(0);
      expect(seen).toEqual([[], [], [], []]);
      expect(added).toEqual(['yes']);
      await recorder.take(8);
    });
  });

  test('names, lengths and classes of clients are the same as without tracing', () => {
    const shape = () =>
      Object.entries(Object.getOwnPropertyDescriptors(api.grpc.Client.prototype)).map(
        ([name, { value }]) => `${name} ${value?.name} ${value?.length}`,
      );
    const before = shape();
    const instrumentation = instrument(api);
    try {
      expect(shape()).toEqual(before);
    } finally {
      instrumentation.disable();
    }
  });

  test('of 200 streams at once with random cancels, each pair of spans is in the trace of its caller', () =>
    traced(api, respondLater(), async ({ client }) => {
      const callers = await Promise.all(
        Array.from({ length: 200 }, async (_, index) => {
          const caller = callerSpan();
          const kind = index % 2 === 0 ? 'list' : 'chat';
          const call = within(caller, () => make(api, client, kind, { text: String(index) }));
          if (Math.random() < 0.5) setTimeout(call.cancel, Math.random() * 50);
          await call.code;
          caller.end();
          return caller.spanContext();
        }),
      );
      const traces = new Map(callers.map(({ traceId, spanId }) => [traceId, spanId]));
      expect(traces.size).toBe(200);
      // A call that is cancelled before it arrives has no SERVER span: waits for those that are open.
      const until = Date.now() + 20_000;
      while (recorder.open().length > 0 && Date.now() < until)
        await new Promise((resolve) => setTimeout(resolve, 20));
      const spans = recorder.spans();
      const clients = spans.filter(({ kind }) => kind === SpanKind.CLIENT);
      expect(clients.length).toBe(200);
      const parents = new Map(clients.map(({ spanId, traceId }) => [spanId, traceId]));
      for (const { traceId, parentSpanId } of clients) expect(parentSpanId).toBe(traces.get(traceId));
      for (const { kind, parentSpanId, traceId } of spans)
        if (kind === SpanKind.SERVER) expect(parents.get(String(parentSpanId))).toBe(traceId);
      expect(recorder.open()).toEqual([]);
      await recorder.take(spans.length);
    }));
});

function respondLater() {
  return servedBy((call) => {
    call.write('one');
    setTimeout(() => call.respond(), Math.random() * 50);
  });
}
