// Clients of language models and the plugin for undici with a server that streams, resets, refuses and hangs.
import { UndiciInstrumentation } from '@clew/instrumentation-undici';
import { callerSpan, type RecordedSpan, recordSpans, within } from '@clew/testing';
import { SpanStatusCode } from '@opentelemetry/api';
import { clients } from './clients.ts';
import { type Behaviour, startModelServer } from './model-server.ts';

const recorder = recordSpans();
let server: Awaited<ReturnType<typeof startModelServer>>;
let undici: { disable(): void };

beforeAll(async () => {
  // Older clients print the chunks that they cannot parse.
  jest.spyOn(console, 'error').mockImplementation();
  server = await startModelServer();
  undici = new UndiciInstrumentation();
});
afterAll(async () => {
  undici.disable();
  jest.restoreAllMocks();
  await server.close();
});

let requests = 0;

async function readAll(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _chunk of stream);
}

describe.each(clients)('$name', (client) => {
  let plugin: { disable(): void };
  beforeAll(() => {
    plugin = client.trace();
  });
  afterAll(() => plugin.disable());

  const open = (behaviour: Behaviour, signal?: AbortSignal) =>
    client.stream({ url: server.urlOf(behaviour, `request-${requests++}`), signal });

  /** The client's span and those of its HTTP requests. */
  async function takeCall(count: number): Promise<{ call: RecordedSpan; attempts: RecordedSpan[] }> {
    const [call, ...attempts] = await recorder.take(1 + (client.usesFetch ? count : 0));
    expect(call!.name).toBe(client.span);
    for (const attempt of attempts) expect(attempt.parentSpanId).toBe(call!.spanId);
    expect(JSON.stringify([call, attempts])).not.toContain('s3cr3t');
    return { call: call!, attempts };
  }

  test('the HTTP request is a child of the call, and its context is sent', async () => {
    server.seen.length = 0;
    await readAll(await open('normal'));
    const { call, attempts } = await takeCall(1);
    if (client.usesFetch) expect(server.seen).toEqual([`00-${call.traceId}-${attempts[0]!.spanId}-01`]);
    expect(call.attributes['gen_ai.usage.output_tokens']).toBe(10);
    expect(call.attributes['gen_ai.response.time_to_first_chunk']).toBeLessThan(
      (call.endTimeMs - call.startTimeMs) / 1000,
    );
  });

  test.each<Behaviour>(['resets', 'malformed'])(
    'a stream that breaks (%s) fails the call once',
    async (behaviour) => {
      await expect(open(behaviour).then(readAll)).rejects.toThrow();
      const { call } = await takeCall(1);
      expect(call.status.code).toBe(SpanStatusCode.ERROR);
      expect(call.events.filter(({ name }) => name === 'exception')).toHaveLength(1);
      expect(call.attributes).not.toHaveProperty(['clew.client.incomplete']);
    },
  );

  test.each<[Behaviour, number]>([
    ['busy', 429],
    ['fails', 500],
  ])('a request that the server first refuses (%s) is one call', async (behaviour, status) => {
    const outcome = await open(behaviour)
      .then(readAll)
      .catch((error: unknown) => error);
    const { call, attempts } = await takeCall(client.retries ? 2 : 1);
    const statuses = attempts.map(({ attributes }) => attributes['http.response.status_code']);
    if (client.retries) {
      expect(outcome).toBeUndefined();
      expect(call.status.code).toBe(SpanStatusCode.UNSET);
      expect(call.events.map(({ name }) => name)).toEqual(['retry']);
      expect(statuses).toEqual(client.usesFetch ? [status, 200] : []);
    } else {
      expect(outcome).toBeInstanceOf(Error);
      expect(call.status.code).toBe(SpanStatusCode.ERROR);
      expect(statuses).toEqual([status]);
    }
  });

  test('a request that the server refuses is a failed call', async () => {
    await expect(open('refuses')).rejects.toThrow();
    const { call } = await takeCall(1);
    expect(call.status.code).toBe(SpanStatusCode.ERROR);
    expect(call.events.filter(({ name }) => name === 'exception')).toHaveLength(1);
  });

  test('an abort after the first chunk cancels the call and its request', async () => {
    const aborting = new AbortController();
    const consume = async () => {
      for await (const _chunk of await open('hangs', aborting.signal)) aborting.abort();
    };
    await consume().catch(() => {});
    const { call, attempts } = await takeCall(1);
    expect(call.attributes['clew.client.incomplete']).toBe('cancelled');
    for (const span of [call, ...attempts]) expect(span.status.code).toBe(SpanStatusCode.UNSET);
  });

  test('a consumer that leaves the loop abandons the call', async () => {
    for await (const _chunk of await open('hangs')) break;
    // Not every client closes the connection.
    server.breakOpen();
    const { call } = await takeCall(1);
    expect(call.attributes['clew.client.incomplete']).toBe('abandoned');
    expect(call.status.code).toBe(SpanStatusCode.UNSET);
  });

  (client.usesFetch ? test : test.skip)(
    'two hundred concurrent requests keep their own traces, and end once',
    async () => {
      const behaviours: Behaviour[] = ['normal', 'busy', 'resets', 'hangs'];
      const callers = Array.from({ length: 200 }, (_, index) => callerSpan(`caller ${index}`));
      await Promise.all(
        callers.map((caller, index) =>
          within(caller, async () => {
            const behaviour = behaviours[index % behaviours.length]!;
            const consume = async (stream: AsyncIterable<unknown>) => {
              for await (const _chunk of stream) if (behaviour === 'hangs') break;
            };
            await open(behaviour)
              .then(consume)
              .catch(() => {});
            caller.end();
          }),
        ),
      );
      server.breakOpen();
      const spans = await recorder.takeUntil(() => true);
      const calls = spans.filter(({ name }) => name === client.span);
      expect(calls).toHaveLength(200);
      const sent = spans.filter(({ name }) => name === 'POST');
      const idsOf = (of: readonly RecordedSpan[]) => of.map(({ spanId }) => spanId).sort();
      expect(calls.map(({ parentSpanId }) => parentSpanId).sort()).toEqual(
        callers.map((caller) => caller.spanContext().spanId).sort(),
      );
      expect([...new Set(sent.map(({ parentSpanId }) => parentSpanId))].sort()).toEqual(idsOf(calls));
      const endings = calls.map(({ status, attributes }) =>
        status.code === SpanStatusCode.ERROR
          ? 'failed'
          : (attributes['clew.client.incomplete'] ?? 'complete'),
      );
      const count = (ending: string) => endings.filter((each) => each === ending).length;
      const busy = client.retries ? { complete: 50, failed: 0 } : { complete: 0, failed: 50 };
      expect([count('complete'), count('failed'), count('abandoned')]).toEqual([
        50 + busy.complete,
        50 + busy.failed,
        50,
      ]);
      expect(JSON.stringify(spans)).not.toContain('s3cr3t');
    },
  );
});
