import { prepareRecorder, type RecordedSpan, recordSpans } from '@clew/testing';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { subjects } from './apis.ts';
import { kinds, make, type Served, servedBy } from './kinds.ts';
import { instrument, type Service, startService, traced } from './traced.ts';

const { ERROR, UNSET } = SpanStatusCode;

/** Status code, `error.type`, span status and why the call is incomplete. */
function outcomeOf(span: RecordedSpan | undefined) {
  return {
    code: span?.attributes['rpc.response.status_code'],
    type: span?.attributes['error.type'],
    status: span?.status.code,
    incomplete: span?.attributes['clew.client.incomplete'],
  };
}

const ended = (code: string) => ({ code, type: undefined, status: UNSET, incomplete: undefined });
const failed = (code: string) => ({ code, type: code, status: ERROR, incomplete: undefined });
const cancelled = { ...ended('CANCELLED'), incomplete: 'cancelled' };

const ofKind = (spans: readonly RecordedSpan[], kind: SpanKind) => spans.filter((span) => span.kind === kind);

/** Resolves with the first served call. */
function firstServed() {
  let served: (call: Served) => void = () => {};
  const promise = new Promise<Served>((resolve) => {
    served = resolve;
  });
  return { handlers: servedBy((call) => served(call)), promise };
}

describe.each(subjects)('$name', ({ api, recorder: options }) => {
  const recorder = recordSpans(prepareRecorder(options));

  /** The two spans of a call: the SERVER span is below the CLIENT span. */
  async function takePair() {
    const spans = await recorder.take(2);
    const [[client], [server]] = [ofKind(spans, SpanKind.CLIENT), ofKind(spans, SpanKind.SERVER)];
    expect(server?.parentSpanId).toBe(client?.spanId);
    expect(client?.name).toBe(server?.name);
    return { client: outcomeOf(client), server: outcomeOf(server) };
  }

  describe.each(kinds)('%s', (kind) => {
    const run = (
      serve: (call: Served) => void,
      work: (service: Service) => Promise<void>,
      serverOptions: object = {},
    ) => traced(api, servedBy(serve), work, {}, serverOptions);

    test('a call that succeeds has OK on both sides', () =>
      run(
        (call) => {
          call.write('one');
          call.respond();
        },
        async ({ client }) => {
          expect(await make(api, client, kind).code).toBe(0);
          expect(await takePair()).toEqual({ client: ended('OK'), server: ended('OK') });
        },
      ));

    test('a status that means a mistake of the caller is an error of the client only', () =>
      run(
        (call) => call.fail(5, 'no such order'),
        async ({ client }) => {
          expect(await make(api, client, kind).code).toBe(5);
          expect(await takePair()).toEqual({ client: failed('NOT_FOUND'), server: ended('NOT_FOUND') });
        },
      ));

    test('a status that means a failure of the server is an error of both sides', () =>
      run(
        (call) => call.fail(13, 'broken'),
        async ({ client }) => {
          expect(await make(api, client, kind).code).toBe(13);
          expect(await takePair()).toEqual({ client: failed('INTERNAL'), server: failed('INTERNAL') });
        },
      ));

    test('a handler that throws is an error of both sides', () =>
      run(
        () => {
          throw new Error('broken');
        },
        async ({ client }) => {
          expect(await make(api, client, kind).code).toBe(2);
          expect(await takePair()).toEqual({ client: failed('UNKNOWN'), server: failed('UNKNOWN') });
        },
      ));

    test('an exceeded deadline is an error of the client, and ends both spans', async () => {
      const { handlers } = firstServed();
      await traced(api, handlers, async ({ client }) => {
        // Connects first: the deadline covers the connection, too.
        await new Promise((resolve) => client.waitForReady(Date.now() + 30_000, resolve));
        const { code } = make(api, client, kind, { options: { deadline: Date.now() + 1000 } });
        expect(await code).toBe(4);
        const { client: caller, server } = await takePair();
        expect(caller).toEqual(failed('DEADLINE_EXCEEDED'));
        // Either side may notice it first.
        expect([failed('DEADLINE_EXCEEDED'), ended('CANCELLED')]).toContainEqual(server);
      });
    });

    test('a call that is cancelled before it is sent has a CLIENT span only, and no error', () =>
      run(
        () => {},
        async ({ client }) => {
          const call = make(api, client, kind);
          call.cancel();
          expect(await call.code).toBe(1);
          const [span] = await recorder.take(1);
          expect(outcomeOf(span)).toEqual(cancelled);
        },
      ));

    test('a call that its client cancels is an error on neither side', async () => {
      const { handlers, promise } = firstServed();
      await traced(api, handlers, async ({ client }) => {
        const call = make(api, client, kind);
        const served = await promise;
        served.write('one');
        if (kind === 'list' || kind === 'chat') await call.message;
        call.cancel();
        expect(await call.code).toBe(1);
        expect(await takePair()).toEqual({ client: cancelled, server: ended('CANCELLED') });
      });
    });

    test('a call that the server cancels is an error of the client', () =>
      run(
        (call) => call.fail(1, 'not now'),
        async ({ client }) => {
          expect(await make(api, client, kind).code).toBe(1);
          expect(await takePair()).toEqual({ client: failed('CANCELLED'), server: ended('CANCELLED') });
        },
      ));

    test('a server that stops during the call ends both spans', async () => {
      const { handlers, promise } = firstServed();
      await traced(api, handlers, async ({ client, server }) => {
        const call = make(api, client, kind);
        await promise;
        server.forceShutdown();
        const name = api.grpc.status[await call.code];
        expect(await takePair()).toEqual({ client: failed(String(name)), server: ended('CANCELLED') });
      });
    });

    test('a message that is too large is an error of the client', () =>
      run(
        () => {},
        async ({ client }) => {
          expect(await make(api, client, kind, { text: 'x'.repeat(1000) }).code).toBe(8);
          expect(await takePair()).toEqual({
            client: failed('RESOURCE_EXHAUSTED'),
            server: ended('RESOURCE_EXHAUSTED'),
          });
        },
        { 'grpc.max_receive_message_length': 100 },
      ));

    test('a refused connection is an error of the client', () =>
      run(
        () => {},
        async ({ client, server }) => {
          server.forceShutdown();
          expect(await make(api, client, kind).code).toBe(14);
          const [span] = await recorder.take(1);
          expect(outcomeOf(span)).toEqual(failed('UNAVAILABLE'));
        },
      ));

    test('a retried call has one CLIENT span and a SERVER span for each attempt', async () => {
      let attempts = 0;
      const retryPolicy = {
        maxAttempts: 3,
        initialBackoff: '0.01s',
        maxBackoff: '0.01s',
        backoffMultiplier: 1,
        retryableStatusCodes: ['UNAVAILABLE'],
      };
      const methodConfig = [{ name: [{ service: 'shop.Orders' }], retryPolicy }];
      const serve = (call: Served) => (attempts++ === 0 ? call.fail(14, 'not yet') : call.respond());
      await run(serve, async ({ newClient }) => {
        const client = newClient({ 'grpc.service_config': JSON.stringify({ methodConfig }) });
        expect(await make(api, client, kind).code).toBe(0);
        const spans = await recorder.take(3);
        const [caller, ...more] = ofKind(spans, SpanKind.CLIENT);
        expect(more).toEqual([]);
        expect(outcomeOf(caller)).toEqual(ended('OK'));
        const servers = ofKind(spans, SpanKind.SERVER);
        expect(servers.map(outcomeOf)).toEqual([failed('UNAVAILABLE'), ended('OK')]);
        for (const server of servers) expect(server.parentSpanId).toBe(caller?.spanId);
      });
    });
  });

  test('a method that the server does not have is UNIMPLEMENTED, and its path is not in the name', () =>
    traced(
      api,
      servedBy(() => {}),
      async ({ client }) => {
        await new Promise<void>((resolve) => client.missing('a', () => resolve()));
        const spans = await recorder.take(2);
        const [[caller], [server]] = [ofKind(spans, SpanKind.CLIENT), ofKind(spans, SpanKind.SERVER)];
        expect(outcomeOf(caller)).toEqual(failed('UNIMPLEMENTED'));
        expect(outcomeOf(server)).toEqual(failed('UNIMPLEMENTED'));
        expect(server?.name).toBe('grpc');
        expect(server?.attributes).toMatchObject({
          'rpc.method': '_OTHER',
          'rpc.method_original': 'shop.Orders/Missing',
        });
      },
    ));

  test.each(['list', 'chat'] as const)(
    '%s: a stream that is destroyed ends the CLIENT span',
    async (kind) => {
      const { handlers, promise } = firstServed();
      await traced(api, handlers, async ({ client, server }) => {
        const call = make(api, client, kind);
        (await promise).write('one');
        await call.message;
        call.destroy();
        // The library does not tell the server.
        server.forceShutdown();
        expect((await takePair()).client).toMatchObject({ status: UNSET, incomplete: 'abandoned' });
      });
    },
  );

  test('disable() ends the SERVER span of a call in flight', async () => {
    const { handlers, promise } = firstServed();
    const instrumentation = instrument(api);
    const { client, close } = await startService(api, handlers);
    const call = make(api, client, 'list');
    await promise;
    instrumentation.disable();
    close();
    await call.code;
    expect((await takePair()).server).toMatchObject({ code: undefined, status: UNSET });
  });
});
