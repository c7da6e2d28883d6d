// What is recorded of calls to services of AWS, at a server that speaks their protocols.
import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
} from '@aws-sdk/client-bedrock-runtime';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { CreateTopicCommand, PublishBatchCommand, PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import * as sqs from '@aws-sdk/client-sqs';
import { type RecordedSpan, recordSpans } from '@clew/testing';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { AwsSdkInstrumentation } from '../../packages/instrumentation-aws-sdk/src/index.ts';
import { type AwsServer, startAwsServer } from './servers/aws-server.ts';

const recorder = recordSpans();
const plugin = new AwsSdkInstrumentation();
let server: AwsServer;
beforeAll(async () => {
  server = await startAwsServer();
  plugin.instrument(sqs);
});
afterAll(async () => {
  plugin.disable();
  await server.close();
});

const SECRET = 's3cr3t';

/** The spans of calls that are made with a client, which is destroyed afterwards. No secret may be in them. */
async function spansOf<Client extends { destroy(): void }>(
  client: Client,
  count: number,
  use: (client: Client) => Promise<unknown>,
): Promise<RecordedSpan[]> {
  await use(client);
  client.destroy();
  const spans = await recorder.take(count);
  const recorded = spans.map(({ name, attributes, events, status }) => ({
    name,
    attributes,
    events,
    status,
  }));
  expect(JSON.stringify(recorded)).not.toContain(SECRET);
  return spans;
}

test('sent, received and deleted messages of SQS', async () => {
  const QueueUrl = `${server.url}/000000000000/orders`;
  const spans = await spansOf(new sqs.SQSClient(server.client), 6, async (client) => {
    await client.send(new sqs.CreateQueueCommand({ QueueName: 'orders' }));
    await client.send(new sqs.SendMessageCommand({ QueueUrl, MessageBody: SECRET }));
    const Entries = ['a', 'b'].map((Id) => ({ Id, MessageBody: SECRET }));
    await client.send(new sqs.SendMessageBatchCommand({ QueueUrl, Entries }));
    const receive = new sqs.ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 });
    const { Messages = [] } = await client.send(receive);
    await client.send(new sqs.DeleteMessageCommand({ QueueUrl, ReceiptHandle: Messages[0]!.ReceiptHandle }));
    await client.send(new sqs.ReceiveMessageCommand({ QueueUrl }));
  });
  expect(spans.map(({ name, kind }) => [name, kind])).toEqual([
    ['SQS.CreateQueue', SpanKind.CLIENT],
    ['send orders', SpanKind.PRODUCER],
    ['send orders', SpanKind.PRODUCER],
    ['receive orders', SpanKind.CLIENT],
    ['delete orders', SpanKind.CLIENT],
    ['receive orders', SpanKind.CLIENT],
  ]);
  const common = { 'messaging.system': 'aws_sqs', 'messaging.destination.name': 'orders' };
  expect(spans[1]!.attributes).toMatchObject({
    ...common,
    'messaging.operation.type': 'send',
    'messaging.message.id': expect.any(String),
    'aws.sqs.queue.url': QueueUrl,
    'rpc.method': 'SQS/SendMessage',
  });
  expect(spans[1]!.attributes).not.toHaveProperty(['messaging.batch.message_count']);
  expect(spans[4]!.attributes).toMatchObject({ ...common, 'messaging.operation.type': 'settle' });
  const sizes = [2, 3, 5].map((index) => spans[index]!.attributes['messaging.batch.message_count']);
  expect(sizes).toEqual([2, 3, 0]);
});

test('published messages of SNS', async () => {
  const spans = await spansOf(new SNSClient(server.client), 3, async (client) => {
    const { TopicArn } = await client.send(new CreateTopicCommand({ Name: 'news' }));
    await client.send(new PublishCommand({ TopicArn, Message: SECRET }));
    const PublishBatchRequestEntries = ['a', 'b'].map((Id) => ({ Id, Message: SECRET }));
    await client.send(new PublishBatchCommand({ TopicArn, PublishBatchRequestEntries }));
  });
  expect(spans.slice(1).map(({ name, kind }) => [name, kind])).toEqual([
    ['publish news', SpanKind.PRODUCER],
    ['publish news', SpanKind.PRODUCER],
  ]);
  expect(spans[1]!.attributes).toMatchObject({
    'messaging.system': 'aws.sns',
    'messaging.destination.name': 'news',
    'messaging.message.id': expect.any(String),
    'aws.sns.topic.arn': expect.stringMatching(/:news$/),
  });
  expect(spans[2]!.attributes['messaging.batch.message_count']).toBe(2);
});

test.each([
  ['a device', { TargetArn: 'arn:aws:sns:us-east-1:000000000000:endpoint/GCM/app/0f1e' }],
  ['a telephone number', { PhoneNumber: `+${SECRET}` }],
])('a message for %s has no destination', async (_name, target) => {
  const [span] = await spansOf(new SNSClient(server.client), 1, (client) =>
    client.send(new PublishCommand({ ...target, Message: SECRET })).catch(() => {}),
  );
  expect([span!.name, span!.status.code]).toEqual(['publish', SpanStatusCode.ERROR]);
});

test('functions and state machines, whose failure is not that of the call', async () => {
  const FunctionName = server.functions.define('price', async (event: { readonly fails?: boolean }) => {
    if (event.fails) throw new TypeError(SECRET);
  });
  const [good, bad] = await spansOf(new LambdaClient(server.client), 2, async (client) => {
    await client.send(new InvokeCommand({ FunctionName, Payload: `{"pin":"${SECRET}"}` }));
    await client.send(new InvokeCommand({ FunctionName: 'price', Payload: '{"fails":true}' }));
  });
  expect(good!.attributes).toMatchObject({ 'faas.invoked_name': 'price', 'faas.invoked_provider': 'aws' });
  expect(bad!.attributes).toMatchObject({
    'faas.invoked_name': 'price',
    'clew.aws.function_error': 'Unhandled',
  });
  expect(bad!.status.code).toBe(SpanStatusCode.UNSET);
  const stateMachineArn = server.machines.define('checkout', FunctionName);
  const [started] = await spansOf(new SFNClient(server.client), 1, (client) =>
    client.send(new StartExecutionCommand({ stateMachineArn, input: `{"pin":"${SECRET}"}` })),
  );
  expect(started!.attributes['aws.step_functions.state_machine.arn']).toBe(stateMachineArn);
  await server.functions.idle();
});

test('events that the bus refuses are counted, and the call has not failed', async () => {
  const entry = { Source: 'shop', DetailType: 'order' };
  const [some, all] = await spansOf(new EventBridgeClient(server.client), 2, async (client) => {
    const Entries = [{ ...entry, Detail: `{"pin":"${SECRET}"}` }, { Detail: '{' }];
    await client.send(new PutEventsCommand({ Entries }));
    await client.send(new PutEventsCommand({ Entries: [{ ...entry, Detail: '{}' }] }));
  });
  expect([some!.status.code, some!.attributes['clew.aws.failed_entries']]).toEqual([SpanStatusCode.UNSET, 1]);
  expect(all!.attributes).not.toHaveProperty(['clew.aws.failed_entries']);
});

test('a stream of events ends the call, and one that is left is abandoned', async () => {
  const request = {
    modelId: 'model',
    messages: [{ role: 'user', content: [{ text: SECRET }] }],
  } satisfies ConstructorParameters<typeof ConverseCommand>[0];
  // Without this handler, the client uses HTTP/2.
  const client = new BedrockRuntimeClient({ ...server.client, requestHandler: new NodeHttpHandler() });
  const spans = await spansOf(client, 3, async () => {
    await client.send(new ConverseCommand(request));
    for (const isLeft of [false, true]) {
      const { stream } = await client.send(new ConverseStreamCommand(request));
      expect(recorder.open()).toHaveLength(1);
      for await (const _event of stream!) if (isLeft) break;
    }
  });
  expect(spans.map(({ name, attributes }) => [name, attributes['clew.client.incomplete']])).toEqual([
    ['chat model', undefined],
    ['chat model', undefined],
    ['chat model', 'abandoned'],
  ]);
});

test('attempts are events, and the last error is that of the call', async () => {
  const QueueUrl = `${server.url}/000000000000/orders`;
  const send = new sqs.SendMessageCommand({ QueueUrl, MessageBody: SECRET });
  server.faults.next('SendMessage', 'throttle');
  const [retried] = await spansOf(new sqs.SQSClient(server.client), 1, (client) => client.send(send));
  expect(retried!.events.map(({ name }) => name)).toEqual(['retry']);
  expect(retried!.status.code).toBe(SpanStatusCode.UNSET);
  server.faults.next('SendMessage', 'throttle', 'throttle', 'throttle');
  const [failed] = await spansOf(new sqs.SQSClient(server.client), 1, (client) =>
    expect(client.send(send)).rejects.toMatchObject({ $metadata: { attempts: 3 } }),
  );
  expect(failed!.events.map(({ name }) => name)).toEqual(['retry', 'retry', 'exception']);
  expect(failed!.attributes).toMatchObject({
    'error.type': 'ThrottlingException',
    'http.response.status_code': 429,
  });
});
