// OpenAI's client and the plugin for undici with a server that streams, resets, refuses and hangs.
import { OpenaiInstrumentation } from '@clew/instrumentation-openai';
import { UndiciInstrumentation } from '@clew/instrumentation-undici';
import { callerSpan, type RecordedSpan, recordSpans, within } from '@clew/testing';
import { SpanStatusCode } from '@opentelemetry/api';
import { versions } from '../../packages/instrumentation-openai/test/versions.ts';
import { type Behaviour, startModelServer } from './model-server.ts';

const recorder = recordSpans();
const [, openai] = versions.at(-1)!;
let server: Awaited<ReturnType<typeof startModelServer>>;
const plugins: { disable(): void }[] = [];

beforeAll(async () => {
  server = await startModelServer();
  const plugin = new OpenaiInstrumentation();
  plugin.instrument(openai);
  plugins.push(plugin, new UndiciInstrumentation());
});
afterAll(async () => {
  for (const plugin of plugins) plugin.disable();
  await server.close();
});

const request = {
  model: 'gpt-5',
  messages: [{ role: 'user' as const, content: 'What is the s3cr3t?' }],
  stream: true as const,
};

function open(behaviour: Behaviour, id: number | string, signal?: AbortSignal) {
  const client = new openai.OpenAI({
    apiKey: 'sk-s3cr3t',
    logLevel: 'off',
    baseURL: server.urlOf(behaviour, id),
  });
  return client.chat.completions.create(request, signal && { signal });
}

async function readAll(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _chunk of stream);
}

/** The client's span and those of its HTTP requests. */
async function takeCall(requests: number): Promise<{ call: RecordedSpan; attempts: RecordedSpan[] }> {
  const [call, ...attempts] = await recorder.take(1 + requests);
  for (const attempt of attempts) expect(attempt.parentSpanId).toBe(call!.spanId);
  expect(JSON.stringify([call, attempts])).not.toContain('s3cr3t');
  return { call: call!, attempts };
}

test('the HTTP request is a child of the call, and its context is sent', async () => {
  server.seen.length = 0;
  await readAll(await open('normal', 0));
  const { call, attempts } = await takeCall(1);
  expect(call.name).toBe('chat gpt-5');
  expect(server.seen).toEqual([`00-${call.traceId}-${attempts[0]!.spanId}-01`]);
  expect(call.attributes['gen_ai.response.time_to_first_chunk']).toBeLessThan(
    (call.endTimeMs - call.startTimeMs) / 1000,
  );
});

test('a connection that is reset in the middle of a stream fails the call once', async () => {
  await expect(open('resets', 0).then(readAll)).rejects.toThrow();
  const { call } = await takeCall(1);
  expect(call.status.code).toBe(SpanStatusCode.ERROR);
  expect(call.events.filter(({ name }) => name === 'exception')).toHaveLength(1);
});

test.each<[Behaviour, number]>([
  ['busy', 429],
  ['fails', 500],
])(
  'a request that the server first refuses (%s) is one call with two attempts',
  async (behaviour, status) => {
    await readAll(await open(behaviour, behaviour));
    const { call, attempts } = await takeCall(2);
    expect(call.status.code).toBe(SpanStatusCode.UNSET);
    expect(call.events.map(({ name }) => name)).toEqual(['retry']);
    expect(attempts.map(({ attributes }) => attributes['http.response.status_code'])).toEqual([status, 200]);
  },
);

test('an abort after the first chunk cancels the call and its request', async () => {
  const aborting = new AbortController();
  for await (const _chunk of await open('hangs', 0, aborting.signal)) aborting.abort();
  const { call, attempts } = await takeCall(1);
  expect(call.attributes['clew.client.incomplete']).toBe('cancelled');
  for (const span of [call, ...attempts]) expect(span.status.code).toBe(SpanStatusCode.UNSET);
});

test('a consumer that leaves the loop abandons the call, and its request ends', async () => {
  for await (const _chunk of await open('hangs', 0)) break;
  const { call } = await takeCall(1);
  expect(call.attributes['clew.client.incomplete']).toBe('abandoned');
  expect(call.status.code).toBe(SpanStatusCode.UNSET);
});

test('two hundred concurrent requests keep their own traces, and end once', async () => {
  const behaviours: Behaviour[] = ['normal', 'busy', 'resets', 'hangs'];
  const callers = Array.from({ length: 200 }, (_, index) => callerSpan(`caller ${index}`));
  await Promise.all(
    callers.map((caller, index) =>
      within(caller, async () => {
        const behaviour = behaviours[index % behaviours.length]!;
        const consume = async (stream: AsyncIterable<unknown>) => {
          for await (const _chunk of stream) if (behaviour === 'hangs') break;
        };
        await open(behaviour, `concurrent-${index}`)
          .then(consume)
          .catch(() => {});
        caller.end();
      }),
    ),
  );
  // 200 callers, 200 calls, and 250 requests: each fourth call is sent twice.
  const spans = await recorder.take(650);
  const calls = spans.filter(({ name }) => name === 'chat gpt-5');
  const requests = spans.filter(({ name }) => name === 'POST');
  const idsOf = (of: readonly RecordedSpan[]) => of.map(({ spanId }) => spanId).sort();
  expect(calls.map(({ parentSpanId }) => parentSpanId).sort()).toEqual(
    callers.map((caller) => caller.spanContext().spanId).sort(),
  );
  expect([...new Set(requests.map(({ parentSpanId }) => parentSpanId))].sort()).toEqual(idsOf(calls));
  const endings = calls.map(({ status, attributes }) =>
    status.code === SpanStatusCode.ERROR ? 'failed' : (attributes['clew.client.incomplete'] ?? 'complete'),
  );
  const count = (ending: string) => endings.filter((each) => each === ending).length;
  expect([count('complete'), count('failed'), count('abandoned')]).toEqual([100, 50, 50]);
  expect(JSON.stringify(spans)).not.toContain('s3cr3t');
});
