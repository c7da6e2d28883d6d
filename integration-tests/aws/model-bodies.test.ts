// The bodies of InvokeModel, whose format depends on the model.
import {
  BedrockRuntimeClient,
  InvokeModelCommand,
  InvokeModelWithResponseStreamCommand,
} from '@aws-sdk/client-bedrock-runtime';
import * as sqs from '@aws-sdk/client-sqs';
import { type RecordedSpan, recordSpans } from '@clew/testing';
import { SpanStatusCode } from '@opentelemetry/api';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { AwsSdkInstrumentation } from '../../packages/instrumentation-aws-sdk/src/index.ts';
import { type AwsServer, startAwsServer } from './servers/aws-server.ts';
import { modelBodies, SECRET } from './servers/model-bodies.ts';

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

async function consumed(stream: AsyncIterable<unknown> | undefined): Promise<number> {
  let events = 0;
  for await (const _event of stream!) events++;
  return events;
}

function recorded({ name, attributes, events, status }: RecordedSpan): string {
  return JSON.stringify({ name, attributes, events, status });
}

describe.each(modelBodies)('%s', (modelId, body, result, chunks, expected) => {
  test.each([false, true])('its request and result are read, with contents: %s', async (captureContent) => {
    instrument({ captureContent });
    const input = { modelId, body: JSON.stringify(body) };
    server.respondAsModel(result);
    const { body: bytes } = await client.send(new InvokeModelCommand(input));
    expect(JSON.parse(bytes!.transformToString())).toEqual(result);
    server.respondAsModel(chunks);
    const stream = await client.send(new InvokeModelWithResponseStreamCommand(input));
    expect(await consumed(stream.body)).toBe(chunks.length);
    const spans = await recorder.take(2);
    for (const span of spans) {
      expect(span.name).toBe(`${expected['gen_ai.operation.name']} ${modelId}`);
      expect(span.attributes).toMatchObject({ ...expected, 'gen_ai.request.max_tokens': 9 });
      if (captureContent) {
        expect(span.attributes['gen_ai.input.messages']).toContain(SECRET);
        expect(span.attributes['gen_ai.output.messages']).toContain(`"content":"${SECRET}"`);
      } else expect(recorded(span)).not.toContain(SECRET);
    }
  });
});

test('embeddings have their tokens, and neither text nor vectors', async () => {
  instrument({ captureContent: true });
  server.respondAsModel({ embedding: [0.1, 0.2], inputTextTokenCount: 3 });
  await client.send(
    new InvokeModelCommand({
      modelId: 'amazon.titan-embed-text-v2:0',
      body: JSON.stringify({ inputText: SECRET }),
    }),
  );
  const [span] = await recorder.take(1);
  expect(span!.name).toBe('embeddings amazon.titan-embed-text-v2:0');
  expect(span!.attributes['gen_ai.usage.input_tokens']).toBe(3);
  expect(recorded(span!)).not.toContain(SECRET);
});

test.each([
  ['text', SECRET],
  ['a list', '[1]'],
  ['null', 'null'],
  [
    'members of other types',
    '{"messages":{},"temperature":{},"choices":[null,1],"usage":7,"content":[null]}',
  ],
  ['more than 256 KiB', JSON.stringify({ prompt: 'x'.repeat(262_144) })],
])('a body with %s is passed as it is', async (_name, body) => {
  instrument({ captureContent: true });
  server.respondAsModel(body);
  const result = await client.send(new InvokeModelCommand({ modelId: 'model', body }));
  expect(result.body!.transformToString()).toBe(body);
  const [span] = await recorder.take(1);
  expect(span!.status.code).toBe(SpanStatusCode.UNSET);
  expect(span!.name).toMatch(/^\w+ model$/);
});
