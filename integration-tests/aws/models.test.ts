// Calls of Bedrock's models, at a server that speaks its protocols.
import {
  BedrockRuntimeClient,
  ConverseCommand,
  type ConverseCommandInput,
  ConverseStreamCommand,
} from '@aws-sdk/client-bedrock-runtime';
import * as sqs from '@aws-sdk/client-sqs';
import { type RecordedSpan, recordSpans } from '@clew/testing';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { AwsSdkInstrumentation } from '../../packages/instrumentation-aws-sdk/src/index.ts';
import { type AwsServer, startAwsServer } from './servers/aws-server.ts';

const recorder = recordSpans();
let server: AwsServer;
let client: BedrockRuntimeClient;
beforeAll(async () => {
  server = await startAwsServer();
  // Without this handler, the client uses HTTP/2.
  client = new BedrockRuntimeClient({
    ...server.client,
    maxAttempts: 2,
    requestHandler: new NodeHttpHandler(),
  });
});
afterAll(async () => {
  client.destroy();
  await server.close();
});

let plugin: AwsSdkInstrumentation;
function instrument(options?: ConstructorParameters<typeof AwsSdkInstrumentation>[0]): void {
  plugin?.disable();
  plugin = new AwsSdkInstrumentation(options);
  plugin.instrument(sqs);
}
beforeEach(() => instrument());
afterAll(() => plugin.disable());

const SECRET = 's3cr3t';
const request: ConverseCommandInput = {
  modelId: 'amazon.nova-lite-v1:0',
  system: [{ text: `Keep the ${SECRET}.` }],
  messages: [
    {
      role: 'user',
      content: [{ text: SECRET }, { image: { format: 'png', source: { bytes: Buffer.from(SECRET) } } }],
    },
    {
      role: 'assistant',
      content: [{ toolUse: { toolUseId: 'tool-0', name: 'count', input: { to: SECRET } } }],
    },
    { role: 'user', content: [{ toolResult: { toolUseId: 'tool-0', content: [{ json: { n: SECRET } }] } }] },
  ],
  inferenceConfig: { maxTokens: 100, temperature: 0.5, topP: 0.9, stopSequences: ['END'] },
  additionalModelRequestFields: { top_k: 20 },
  guardrailConfig: { guardrailIdentifier: 'gr-1', guardrailVersion: '1' },
};

async function consumed(stream: AsyncIterable<unknown> | undefined): Promise<number> {
  let events = 0;
  for await (const _event of stream!) events++;
  return events;
}

function recorded({ name, attributes, events, status }: RecordedSpan): string {
  return JSON.stringify({ name, attributes, events, status });
}

const common = {
  'rpc.system.name': 'aws-api',
  'cloud.region': 'us-east-1',
  'gen_ai.operation.name': 'chat',
  'gen_ai.provider.name': 'aws.bedrock',
  'gen_ai.request.model': 'amazon.nova-lite-v1:0',
  'gen_ai.request.max_tokens': 100,
  'gen_ai.request.temperature': 0.5,
  'gen_ai.request.top_p': 0.9,
  'gen_ai.request.top_k': 20,
  'gen_ai.request.stop_sequences': ['END'],
  'aws.bedrock.guardrail.id': 'gr-1',
  'gen_ai.response.finish_reasons': ['end_turn'],
  'gen_ai.usage.input_tokens': 37,
  'gen_ai.usage.output_tokens': 5,
  'gen_ai.usage.cache_read.input_tokens': 20,
  'gen_ai.usage.cache_creation.input_tokens': 10,
};

test('a conversation is one span of a model, without its contents', async () => {
  await client.send(new ConverseCommand(request));
  const [span] = await recorder.take(1);
  expect([span!.name, span!.kind]).toEqual(['chat amazon.nova-lite-v1:0', SpanKind.CLIENT]);
  expect(span!.attributes).toMatchObject({
    ...common,
    'rpc.method': 'Bedrock Runtime/Converse',
    'http.response.status_code': 200,
    'server.address': '127.0.0.1',
  });
  expect(recorded(span!)).not.toContain(SECRET);
  expect(span!.attributes).not.toHaveProperty(['gen_ai.output.messages']);
});

test('a stream ends its span, which has the time of the first chunk and what the last chunk reports', async () => {
  const { stream } = await client.send(new ConverseStreamCommand(request));
  expect(recorder.open()).toHaveLength(1);
  expect(await consumed(stream)).toBe(10);
  const [span] = await recorder.take(1);
  expect(span!.attributes).toMatchObject({
    ...common,
    'gen_ai.request.stream': true,
    'gen_ai.response.time_to_first_chunk': expect.any(Number),
  });
  expect(recorded(span!)).not.toContain(SECRET);
});

test('a stream that the service or the network ends is an error, and a cancelled one is not', async () => {
  server.endStreams('throttle', 'reset', 'hang');
  for (const isCancelled of [false, false, true]) {
    const controller = new AbortController();
    const { stream } = await client.send(new ConverseStreamCommand(request), {
      abortSignal: controller.signal,
    });
    const end = (async () => {
      for await (const event of stream!) if (isCancelled && event.contentBlockDelta) controller.abort();
    })();
    await end.catch(() => {});
  }
  const [throttled, reset, cancelled] = await recorder.take(3);
  expect(throttled!.status.code).toBe(SpanStatusCode.ERROR);
  expect(throttled!.attributes['error.type']).toBe('ThrottlingException');
  expect(reset!.status.code).toBe(SpanStatusCode.ERROR);
  expect(cancelled!.status.code).toBe(SpanStatusCode.UNSET);
  expect(cancelled!.attributes['clew.client.incomplete']).toBe('cancelled');
});

test('contents are recorded where asked for, after the hook has redacted them', async () => {
  const redactContent = (content: unknown) => JSON.parse(JSON.stringify(content).replaceAll(SECRET, '***'));
  instrument({ captureContent: true, redactContent });
  await client.send(new ConverseCommand(request));
  await consumed((await client.send(new ConverseStreamCommand(request))).stream);
  const [whole, streamed] = await recorder.take(2);
  const text = (span: RecordedSpan, name: string) => JSON.parse(String(span.attributes[name]));
  expect(text(whole!, 'gen_ai.system_instructions')).toEqual([{ type: 'text', content: 'Keep the ***.' }]);
  expect(text(whole!, 'gen_ai.input.messages')).toEqual([
    { role: 'user', parts: [{ type: 'text', content: '***' }, { type: 'image' }] },
    {
      role: 'assistant',
      parts: [{ type: 'tool_call', id: 'tool-0', name: 'count', arguments: { to: '***' } }],
    },
    { role: 'user', parts: [{ type: 'tool_call_response', id: 'tool-0', response: [{ n: '***' }] }] },
  ]);
  expect(text(whole!, 'gen_ai.output.messages')).toEqual([
    { role: 'assistant', parts: [{ type: 'text', content: 'One two.' }], finish_reason: 'end_turn' },
  ]);
  expect(text(streamed!, 'gen_ai.output.messages')).toEqual([
    {
      role: 'assistant',
      parts: [
        { type: 'text', content: 'One two.' },
        { type: 'tool_call', id: 'tool-1', name: 'count', arguments: '{"to":2}' },
      ],
      finish_reason: 'end_turn',
    },
  ]);
  expect(recorded(whole!) + recorded(streamed!)).not.toContain(SECRET);
});

test('the message of an error is not recorded, even if contents are', async () => {
  instrument({ captureContent: true });
  server.faults.next('Converse', 'throttle', 'throttle');
  await expect(client.send(new ConverseCommand(request))).rejects.toThrow('Rate exceeded');
  const [span] = await recorder.take(1);
  expect(span!.events.map(({ name }) => name)).toEqual(['retry', 'exception']);
  expect(span!.attributes).toMatchObject({
    'error.type': 'ThrottlingException',
    'http.response.status_code': 429,
  });
  expect(recorded(span!)).not.toContain('Rate exceeded');
});
