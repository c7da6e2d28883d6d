// The context in messages of SQS and SNS, as it arrives at a server that speaks the protocols of AWS.
import {
  CreateTopicCommand,
  PublishBatchCommand,
  PublishCommand,
  SNSClient,
  SubscribeCommand,
} from '@aws-sdk/client-sns';
import * as sqs from '@aws-sdk/client-sqs';
import { droppedFromWire } from '@clew/core';
import { callerSpan, type RecordedSpan, recordSpans, within } from '@clew/testing';
import { context, propagation } from '@opentelemetry/api';
import { AwsSdkInstrumentation } from '../../packages/instrumentation-aws-sdk/src/index.ts';
import { type AwsServer, startAwsServer } from './servers/aws-server.ts';

const recorder = recordSpans();
const plugin = new AwsSdkInstrumentation();
let server: AwsServer;
let client: sqs.SQSClient;
const clients: { destroy(): void }[] = [];
beforeAll(async () => {
  server = await startAwsServer();
  plugin.instrument(sqs);
  client = new sqs.SQSClient(server.client);
  clients.push(client);
});
afterEach(() => plugin.setConfig({}));
afterAll(async () => {
  plugin.disable();
  for (const each of clients) each.destroy();
  await server.close();
});

/** Creates an empty queue of this name. */
async function queueOf(name: string): Promise<string> {
  const { QueueUrl } = await client.send(new sqs.CreateQueueCommand({ QueueName: name }));
  await recorder.take(1);
  return QueueUrl!;
}

const stored = (name: string) => server.sqs.queue(name).messages;
const attribute = (StringValue: string) => ({ DataType: 'String', StringValue });
const attributes = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`a${index}`, attribute('v')]));
const traceparentOf = ({ traceId, spanId }: RecordedSpan, flags = '01') => `00-${traceId}-${spanId}-${flags}`;
const withBaggage = <T>(call: () => T): T =>
  context.with(
    propagation.setBaggage(context.active(), propagation.createBaggage({ tenant: { value: 'a' } })),
    call,
  );

test('a message carries the context of its span beside its attributes, and the input stays unchanged', async () => {
  const QueueUrl = await queueOf('plain');
  const input = Object.freeze({
    QueueUrl,
    MessageBody: 'm',
    MessageAttributes: Object.freeze({ own: Object.freeze(attribute('v')) }),
  });
  const command = new sqs.SendMessageCommand(input);
  await withBaggage(() => client.send(command));
  const [span] = await recorder.take(1);
  expect(stored('plain')[0]!.attributes).toEqual({
    own: attribute('v'),
    traceparent: attribute(traceparentOf(span!)),
    baggage: attribute('tenant=a'),
  });
  expect(Object.keys(command.input.MessageAttributes!)).toEqual(['own']);
});

test('each message of a batch carries the context of the call, and a command can be sent again', async () => {
  const QueueUrl = await queueOf('batch');
  const command = new sqs.SendMessageBatchCommand({
    QueueUrl,
    Entries: [
      { Id: 'a', MessageBody: 'a', MessageAttributes: attributes(1) },
      { Id: 'b', MessageBody: 'b' },
    ],
  });
  await Promise.all([client.send(command), client.send(command)]);
  const spans = await recorder.take(2);
  expect(stored('batch').map(({ attributes: { a0, traceparent } }) => [a0, traceparent])).toEqual(
    expect.arrayContaining(
      spans.flatMap((span) => [
        [attribute('v'), attribute(traceparentOf(span))],
        [undefined, attribute(traceparentOf(span))],
      ]),
    ),
  );
});

test('an unsampled call passes the decision on, and an ignored one the context of its caller', async () => {
  const QueueUrl = await queueOf('unsampled');
  const send = new sqs.SendMessageCommand({ QueueUrl, MessageBody: 'm' });
  recorder.sampling = 'none';
  const unsampled = callerSpan('unsampled');
  await within(unsampled, () => client.send(send));
  recorder.sampling = 'all';
  plugin.setConfig({ ignore: ['send unsampled'] });
  const caller = callerSpan('caller');
  await within(caller, () => client.send(send));
  caller.end();
  const [span] = await recorder.take(1);
  const { traceId, spanId } = unsampled.spanContext();
  expect(stored('unsampled').map(({ attributes: { traceparent } }) => traceparent?.StringValue)).toEqual([
    `00-${traceId}-${spanId}-00`,
    traceparentOf(span!),
  ]);
});

test('a message that is sent again has the new context only', async () => {
  const QueueUrl = await queueOf('again');
  const MessageAttributes = {
    Traceparent: attribute('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'),
    tracestate: attribute('old=1'),
  };
  await client.send(new sqs.SendMessageCommand({ QueueUrl, MessageBody: 'm', MessageAttributes }));
  const [span] = await recorder.take(1);
  expect(stored('again')[0]!.attributes).toEqual({ traceparent: attribute(traceparentOf(span!)) });
});

test.each([
  [7, ['traceparent', 'baggage']],
  [8, ['traceparent', 'baggage']],
  [9, ['traceparent']],
  [10, []],
])('a message with %i attributes gets %j', async (count, added) => {
  const QueueUrl = await queueOf(`capped-${count}`);
  const MessageAttributes = attributes(count);
  await withBaggage(() =>
    client.send(new sqs.SendMessageCommand({ QueueUrl, MessageBody: 'm', MessageAttributes })),
  );
  await recorder.take(1);
  const names = Object.keys(stored(`capped-${count}`)[0]!.attributes);
  expect(names.filter((name) => !/^a\d/.test(name))).toEqual(added);
});

test('what would exceed a limit of SQS is left out and counted', async () => {
  const QueueUrl = await queueOf('full');
  const before = droppedFromWire()['message attributes: outgoing header does not fit'] ?? 0;
  const bodies = [262_144, 262_144 - 80, 1_048_576].map((length) => 'x'.repeat(length));
  for (const MessageBody of bodies)
    await withBaggage(() => client.send(new sqs.SendMessageCommand({ QueueUrl, MessageBody })));
  const Entries = ['a', 'b'].map((Id) => ({ Id, MessageBody: 'x'.repeat(131_072 - 60) }));
  await client.send(new sqs.SendMessageBatchCommand({ QueueUrl, Entries }));
  await recorder.take(4);
  expect(stored('full').map(({ attributes: given }) => Object.keys(given))).toEqual([
    [],
    ['traceparent'],
    [],
    ['traceparent'],
    [],
  ]);
  expect(droppedFromWire()['message attributes: outgoing header does not fit']! - before).toBe(6);
});

test('values of a wrong type reach the SDK as they are', async () => {
  const QueueUrl = await queueOf('wrong');
  const wrong = { QueueUrl, MessageBody: 'm', MessageAttributes: 'none' } as never;
  await client.send(new sqs.SendMessageCommand(wrong)).catch(() => {});
  await client.send(new sqs.SendMessageBatchCommand({ QueueUrl, Entries: [null] } as never)).catch(() => {});
  await recorder.take(2);
  expect(stored('wrong').filter(({ attributes: given }) => 'traceparent' in given)).toEqual([]);
});

test('the option chooses the services, and a disabled plugin adds nothing', async () => {
  const QueueUrl = await queueOf('off');
  const send = new sqs.SendMessageCommand({ QueueUrl, MessageBody: 'm' });
  plugin.setConfig({ propagateThrough: ['SNS'] });
  await client.send(send);
  plugin.disable();
  await client.send(send);
  plugin.enable();
  plugin.setConfig({});
  await client.send(send);
  await recorder.take(2);
  expect(stored('off').map(({ attributes: given }) => Object.keys(given))).toEqual([[], [], ['traceparent']]);
  expect(() => new AwsSdkInstrumentation({ propagateThrough: ['S3'] as never })).toThrow('propagateThrough');
});

test('messages of SNS carry the context to queues, and none to telephones', async () => {
  const sns = new SNSClient(server.client);
  clients.push(sns);
  await queueOf('raw');
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: 't' }));
  const Endpoint = server.sqs.queue('raw').arn;
  const Attributes = { RawMessageDelivery: 'true' };
  await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint, Attributes }));
  await recorder.take(2);
  await sns.send(new PublishCommand({ TargetArn: TopicArn, TopicArn, Message: 'm' }));
  // With one more attribute, SNS would discard the second message.
  const PublishBatchRequestEntries = [9, 10].map((count) => ({
    Id: `${count}`,
    Message: 'm',
    MessageAttributes: attributes(count),
  }));
  await sns.send(new PublishBatchCommand({ TopicArn, PublishBatchRequestEntries }));
  await sns.send(new PublishCommand({ PhoneNumber: '+1', Message: 'm' })).catch(() => {});
  const [one, batch] = await recorder.take(3);
  expect(stored('raw').map(({ attributes: { traceparent } }) => traceparent?.StringValue)).toEqual([
    traceparentOf(one!),
    traceparentOf(batch!),
    undefined,
  ]);
});
