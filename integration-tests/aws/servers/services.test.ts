// The test server for the other services with the SDK of AWS and without tracing.
import { Buffer } from 'node:buffer';
import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
} from '@aws-sdk/client-bedrock-runtime';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import {
  CreateTopicCommand,
  PublishBatchCommand,
  PublishCommand,
  SNSClient,
  SubscribeCommand,
} from '@aws-sdk/client-sns';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { type AwsServer, startAwsServer } from './aws-server.ts';

let server: AwsServer;
beforeAll(async () => {
  server = await startAwsServer();
});
afterAll(() => server.close());

const attribute = (StringValue: string) => ({ DataType: 'String', StringValue });
const attributes = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`a${index}`, attribute('v')]));

test('SNS delivers to queues, as they are or in an envelope, and discards what does not fit', async () => {
  const sqs = new SQSClient(server.client);
  const sns = new SNSClient(server.client);
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: 't' }));
  for (const [name, raw] of [
    ['raw', 'true'],
    ['wrapped', 'false'],
  ] as const) {
    await sqs.send(new CreateQueueCommand({ QueueName: name }));
    await sns.send(
      new SubscribeCommand({
        TopicArn,
        Protocol: 'sqs',
        Endpoint: server.sqs.queue(name).arn,
        Attributes: { RawMessageDelivery: raw },
      }),
    );
  }
  await sns.send(new PublishCommand({ TopicArn, Message: 'm', MessageAttributes: { k: attribute('v') } }));
  await sns.send(
    new PublishBatchCommand({
      TopicArn,
      PublishBatchRequestEntries: [{ Id: 'a', Message: 'n', MessageAttributes: attributes(11) }],
    }),
  );
  const [raw, ...none] = server.sqs.queue('raw').messages;
  expect([raw!.body, raw!.attributes, none]).toEqual(['m', { k: attribute('v') }, []]);
  const bodies = server.sqs.queue('wrapped').messages.map(({ body }) => JSON.parse(body));
  expect(bodies[0]).toMatchObject({
    Type: 'Notification',
    Message: 'm',
    TopicArn,
    MessageAttributes: { k: { Type: 'String', Value: 'v' } },
  });
  expect(Object.keys(bodies[1].MessageAttributes)).toHaveLength(11);
  await expect(
    sns.send(new PublishCommand({ TopicArn: `${TopicArn}x`, Message: 'm' })),
  ).rejects.toMatchObject({ name: 'NotFoundException' });
  sqs.destroy();
  sns.destroy();
});

test('functions are invoked directly, by events and by state machines', async () => {
  const calls: unknown[] = [];
  const FunctionName = server.functions.define('f', async (event: { fails?: boolean }, { clientContext }) => {
    calls.push([event, clientContext]);
    if (event.fails) throw new TypeError('no');
    return { ok: true };
  });
  const [lambda, events, states] = [
    new LambdaClient(server.client),
    new EventBridgeClient(server.client),
    new SFNClient(server.client),
  ];
  const ClientContext = Buffer.from('{"custom":{"a":"b"}}').toString('base64');
  const result = await lambda.send(new InvokeCommand({ FunctionName, Payload: '{"x":1}', ClientContext }));
  expect([result.StatusCode, result.FunctionError, result.Payload?.transformToString()]).toEqual([
    200,
    undefined,
    '{"ok":true}',
  ]);
  const failed = await lambda.send(new InvokeCommand({ FunctionName, Payload: '{"fails":true}' }));
  expect(failed.FunctionError).toBe('Unhandled');
  expect(JSON.parse(failed.Payload!.transformToString())).toMatchObject({
    errorType: 'TypeError',
    errorMessage: 'no',
  });
  expect((await lambda.send(new InvokeCommand({ FunctionName, InvocationType: 'Event' }))).StatusCode).toBe(
    202,
  );
  server.bus.addTarget(FunctionName);
  const put = await events.send(
    new PutEventsCommand({ Entries: [{ Source: 's', DetailType: 'd', Detail: '{"e":1}' }, { Detail: '{' }] }),
  );
  expect([put.FailedEntryCount, put.Entries?.[1]?.ErrorCode]).toEqual([1, 'MalformedDetail']);
  const stateMachineArn = server.machines.define('m', FunctionName);
  const started = await states.send(new StartExecutionCommand({ stateMachineArn, input: '{"s":1}' }));
  expect(started.executionArn).toContain(':execution:m:');
  await server.functions.idle();
  expect(calls).toEqual([
    [{ x: 1 }, { custom: { a: 'b' } }],
    [{ fails: true }, undefined],
    [{}, undefined],
    [expect.objectContaining({ source: 's', 'detail-type': 'd', detail: { e: 1 } }), undefined],
    [{ s: 1 }, undefined],
  ]);
  for (const client of [lambda, events, states]) client.destroy();
});

describe('Bedrock', () => {
  const input = {
    modelId: 'amazon.nova-lite-v1:0',
    messages: [{ role: 'user' as const, content: [{ text: 'Count.' }] }],
  };
  let bedrock: BedrockRuntimeClient;
  beforeAll(() => {
    bedrock = new BedrockRuntimeClient({ ...server.client, requestHandler: new NodeHttpHandler() });
  });
  afterAll(() => bedrock.destroy());

  async function streamed(): Promise<string> {
    const { stream } = await bedrock.send(new ConverseStreamCommand(input));
    let read = '';
    for await (const event of stream!) read += event.contentBlockDelta?.delta?.text ?? '';
    return read;
  }

  test('Converse and ConverseStream respond', async () => {
    const { usage, output } = await bedrock.send(new ConverseCommand(input));
    expect([usage?.inputTokens, output?.message?.content?.[0]?.text]).toEqual([7, 'One two.']);
    expect(await streamed()).toBe('One two.');
  });

  test('a stream may break off, or end with an exception of the service', async () => {
    server.endStreams('reset', 'throttle');
    await expect(streamed()).rejects.toThrow();
    await expect(streamed()).rejects.toMatchObject({ name: 'ThrottlingException' });
  });
});

test('temporary credentials of STS are used, and refused when they have expired', async () => {
  const sts = new STSClient(server.client);
  const { Credentials } = await sts.send(
    new AssumeRoleCommand({ RoleArn: 'arn:aws:iam::000000000000:role/r', RoleSessionName: 's' }),
  );
  const credentials = {
    accessKeyId: Credentials!.AccessKeyId!,
    secretAccessKey: Credentials!.SecretAccessKey!,
    sessionToken: Credentials!.SessionToken!,
  };
  const sqs = new SQSClient({ ...server.client, credentials });
  await sqs.send(new CreateQueueCommand({ QueueName: 'sts' }));
  server.faults.expire(credentials.sessionToken);
  await expect(sqs.send(new CreateQueueCommand({ QueueName: 'sts' }))).rejects.toMatchObject({
    name: 'ExpiredTokenException',
  });
  sts.destroy();
  sqs.destroy();
});
