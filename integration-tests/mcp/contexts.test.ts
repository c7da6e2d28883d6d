import { callerSpan, recordSpans, within } from '@clew/testing';
import { type SpanContext, SpanKind, trace } from '@opentelemetry/api';
import { apis } from './all-apis.ts';
import { activeSpanId, inMemory, spanOf } from './traced.ts';

const recorder = recordSpans();
const CALL = 'tools/call weather';
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const traceparent = `00-${TRACE_ID}-b7ad6b7169203331-01`;

describe.each(apis)('$name', (api) => {
  test('a hundred concurrent calls keep their traces, in tools and in listeners for progress', async () => {
    const inTools = new Map<unknown, SpanContext | undefined>();
    const all = Promise.withResolvers<void>();
    const tool = async (
      { number }: Record<string, unknown>,
      control: { progress(n: number): Promise<void> },
    ) => {
      if (inTools.set(number, undefined).size === 100) all.resolve();
      await all.promise;
      inTools.set(number, trace.getActiveSpan()?.spanContext());
      await control.progress(1);
      return String(number);
    };
    await inMemory(api, tool, async ({ client }) => {
      const calls = Array.from({ length: 100 }, async (_, number) => {
        const caller = callerSpan();
        let inListener: string | undefined;
        const onprogress = () => {
          inListener = activeSpanId();
        };
        const { content } = await within(caller, () =>
          api.call(client, { name: 'weather', arguments: { number } }, { onprogress }),
        );
        caller.end();
        const { traceId, spanId } = caller.spanContext();
        return { number, content, traceId, spanId, inListener };
      });
      for (const { number, content, traceId, spanId, inListener } of await Promise.all(calls)) {
        expect(content).toEqual([{ type: 'text', text: String(number) }]);
        expect(inListener).toBe(spanId);
        expect(inTools.get(number)?.traceId).toBe(traceId);
      }
    });
    const spans = await recorder.take(300);
    const byId = new Map(spans.map((span) => [span.spanId, span]));
    const served = spans.filter(({ kind }) => kind === SpanKind.SERVER);
    expect(new Set(served.map(({ parentSpanId }) => parentSpanId)).size).toBe(100);
    for (const { parentSpanId, traceId } of served)
      expect(byId.get(parentSpanId!)).toMatchObject({ kind: SpanKind.CLIENT, traceId });
  });

  test("a server's request to its client belongs to the tool, and so does what its client does", async () => {
    let inSampling: string | undefined;
    const sample = () => {
      inSampling = activeSpanId();
    };
    const tool = async (_: unknown, { sample: ask }: { sample(): Promise<unknown> }) => {
      await ask();
      return 'done';
    };
    await inMemory(
      api,
      tool,
      async ({ client }) => {
        await api.call(client, { name: 'weather' });
        const spans = await recorder.take(4);
        const asked = spanOf(spans, SpanKind.CLIENT, 'sampling/createMessage');
        const answered = spanOf(spans, SpanKind.SERVER, 'sampling/createMessage');
        expect(asked.parentSpanId).toBe(spanOf(spans, SpanKind.SERVER, CALL).spanId);
        expect(answered.parentSpanId).toBe(asked.spanId);
        expect(inSampling).toBe(answered.spanId);
      },
      { sample },
    );
  });

  test('prompts have their name, resources have their address without secrets', () =>
    inMemory(
      api,
      () => 'unused',
      async ({ client }) => {
        await client.getPrompt({ name: 'review' });
        await client.readResource({ uri: 'db://user:password@host/songs?token=secret' });
        const spans = await recorder.take(4);
        const prompt = spanOf(spans, SpanKind.SERVER, 'prompts/get review');
        expect(prompt.attributes['gen_ai.prompt.name']).toBe('review');
        for (const kind of [SpanKind.CLIENT, SpanKind.SERVER])
          expect(spanOf(spans, kind, 'resources/read').attributes['mcp.resource.uri']).toBe(
            'db://host/songs',
          );
      },
    ));

  test('a notification is a CLIENT span of the tool; without a handler there is no SERVER span', () =>
    inMemory(
      api,
      async (_, { log }) => {
        await log('working');
        return 'done';
      },
      async ({ client }) => {
        await api.call(client, { name: 'weather' });
        const spans = await recorder.take(3);
        const sent = spanOf(spans, SpanKind.CLIENT, 'notifications/message');
        expect(sent.parentSpanId).toBe(spanOf(spans, SpanKind.SERVER, CALL).spanId);
        expect(sent.attributes['jsonrpc.request.id']).toBeUndefined();
      },
    ));

  test('an unsampled trace is passed on and records nothing', async () => {
    recorder.sampling = 'none';
    const metas: unknown[] = [];
    await inMemory(
      api,
      (_, { meta }) => {
        metas.push(meta);
        return 'done';
      },
      async ({ client }) => {
        const caller = callerSpan();
        await within(caller, () => api.call(client, { name: 'weather' }));
        const { traceId } = caller.spanContext();
        expect(metas).toEqual([{ traceparent: expect.stringMatching(`^00-${traceId}-[0-9a-f]{16}-00$`) }]);
      },
    );
    expect(recorder.wastedCalls).toBe(0);
  });

  test("the application's trace context in _meta is sent as it is, and its objects are not changed", async () => {
    const metas: unknown[] = [];
    const params = Object.freeze({ name: 'weather', _meta: Object.freeze({ traceparent, own: 1 }) });
    await inMemory(
      api,
      (_, { meta }) => {
        metas.push(meta);
        return 'done';
      },
      async ({ client }) => {
        await api.call(client, params);
        const served = spanOf(await recorder.take(2), SpanKind.SERVER, CALL);
        expect(served).toMatchObject({ traceId: TRACE_ID, parentSpanId: 'b7ad6b7169203331' });
        expect(metas).toEqual([{ traceparent, own: 1 }]);
      },
    );
  });

  test('an incoming trace that is not trusted becomes a link', () =>
    inMemory(
      api,
      () => 'done',
      async ({ server }) => {
        deliver(server, { name: 'weather', _meta: { traceparent } });
        const [served] = await recorder.take(1);
        expect(served?.traceId).not.toBe(TRACE_ID);
        expect(served?.links).toMatchObject([{ context: { traceId: TRACE_ID } }]);
      },
      { options: { trust: [{ path: 'tools/*', trace: 'link' }] } },
    ));

  test.each([
    ["dd-trace's key", { _dd_trace_context: { traceparent } }],
    ['the standard key', { traceparent }],
  ])('a trace in %s is continued', (_, _meta) =>
    inMemory(
      api,
      () => 'done',
      async ({ server }) => {
        deliver(server, { name: 'weather', _meta });
        expect((await recorder.take(1))[0]).toMatchObject({ traceId: TRACE_ID, kind: SpanKind.SERVER });
      },
    ),
  );

  test.each([
    ['a number', { traceparent: 7 }],
    ['nested objects', { traceparent: { a: { b: {} } }, baggage: ['x'], _dd_trace_context: 'text' }],
    ['a long text', { traceparent: 'f'.repeat(100_000), tracestate: 'x'.repeat(100_000) }],
    ['other keys', { 'example.com/key': { deep: [1, 2, 3] } }],
  ])('%s in _meta starts a new trace, and the tool runs', async (_, _meta) => {
    const tool = jest.fn(() => 'done');
    await inMemory(api, tool, async ({ server }) => {
      deliver(server, { name: 'weather', _meta });
      const [served] = await recorder.take(1);
      expect(served?.parentSpanId).toBeUndefined();
      expect(tool).toHaveBeenCalledTimes(1);
    });
  });

  test('functions keep their names and lengths, and are restored by disable()', async () => {
    const names = ['_onrequest', '_onresponse', '_onnotification', '_onprogress', 'request', 'notification'];
    const shapes = () =>
      api.protocols.map(({ prototype }) =>
        names.map((name) => [prototype[name]!.name, prototype[name]!.length]),
      );
    const functions = () =>
      api.protocols.map(({ prototype }) => ({ ...Object.getOwnPropertyDescriptors(prototype) }));
    const [before, untouched] = [shapes(), functions()];
    await inMemory(
      api,
      () => 'unused',
      async () => {
        expect(shapes()).toEqual(before);
        expect(functions()).not.toEqual(untouched);
      },
    );
    expect(functions()).toEqual(untouched);
  });
});

/** Delivers a call as a peer without the plugin sends it. */
function deliver(server: { transport?: { onmessage?: (message: unknown) => void } }, params: object): void {
  server.transport?.onmessage?.({ jsonrpc: '2.0', id: 'peer-1', method: 'tools/call', params });
}
