// Messages from a sender to its consumer, at a server that speaks the protocols of SQS and SNS.

import {
  CreateTopicCommand,
  PublishBatchCommand,
  PublishCommand,
  SNSClient,
  SubscribeCommand,
} from '@aws-sdk/client-sns';
import * as sqs from '@aws-sdk/client-sqs';
import { droppedFromWire } from '@clew/core';
import { callerSpan, currentSpanId, type RecordedSpan, recordSpans, within } from '@clew/testing';
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  AwsSdkInstrumentation,
  messageContext,
  processBatch,
  processMessage,
} from '../../packages/instrumentation-aws-sdk/src/index.ts';
import { type AwsServer, startAwsServer } from './servers/aws-server.ts';

const recorder = recordSpans();
const plugin = new AwsSdkInstrumentation();
let server: AwsServer;
let client: sqs.SQSClient;
beforeAll(async () => {
  server = await startAwsServer();
  plugin.instrument(sqs);
  client = new sqs.SQSClient(server.client);
});
afterEach(() => plugin.setConfig({}));
afterAll(async () => {
  plugin.disable();
  client.destroy();
  await server.close();
});

async function queueOf(name: string): Promise<string> {
  const { QueueUrl } = await client.send(new sqs.CreateQueueCommand({ QueueName: name }));
  await recorder.take(1);
  return QueueUrl!;
}

const attribute = (StringValue: string) => ({ DataType: 'String', StringValue });
const idsOf = ({ traceId, spanId }: RecordedSpan) => [traceId, spanId];
const linkedTo = ({ links }: RecordedSpan) =>
  links.map((link) => [link.context.traceId, link.context.spanId]);
const send = (QueueUrl: string, more: object = {}) =>
  client.send(new sqs.SendMessageCommand({ QueueUrl, MessageBody: 'm', ...more }));
async function receive(QueueUrl: string, more: object = {}): Promise<sqs.Message[]> {
  const command = new sqs.ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, ...more });
  return (await client.send(command)).Messages ?? [];
}

test('a message is processed in the trace of its sender, and the call that received it has links', async () => {
  const QueueUrl = await queueOf('one');
  await send(QueueUrl);
  const [message] = await receive(QueueUrl);
  const result = processMessage(message!, async (given) => [given, currentSpanId()]);
  const [given, active] = await result;
  const [sent, received, processed] = await recorder.take(3);
  expect(given).toBe(message);
  expect(processed).toMatchObject({
    name: 'process one',
    kind: SpanKind.CONSUMER,
    traceId: sent!.traceId,
    parentSpanId: sent!.spanId,
    spanId: active,
  });
  expect(processed!.attributes).toEqual({
    'messaging.system': 'aws_sqs',
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'messaging.destination.name': 'one',
    'messaging.message.id': message!.MessageId,
  });
  expect(linkedTo(received!)).toEqual([idsOf(sent!)]);
  expect(trace.getSpanContext(messageContext(message!))?.spanId).toBe(active);
});

test('a batch is processed in the current trace, with links to its messages', async () => {
  const QueueUrl = await queueOf('many');
  await send(QueueUrl);
  await send(QueueUrl);
  const caller = callerSpan('caller');
  await within(caller, async () => {
    const messages = await receive(QueueUrl);
    expect(processBatch(messages, (given) => given)).toBe(messages);
  });
  caller.end();
  const [a, b, started, received, processed] = await recorder.take(5);
  expect(linkedTo(received!)).toEqual([idsOf(a!), idsOf(b!)]);
  expect(linkedTo(processed!)).toEqual([idsOf(a!), idsOf(b!)]);
  expect([processed!.name, processed!.parentSpanId]).toEqual(['process many', started!.spanId]);
  expect(processed!.attributes['messaging.batch.message_count']).toBe(2);
});

test('a handler fails as it does without tracing', async () => {
  const QueueUrl = await queueOf('failing');
  await send(QueueUrl);
  const [message] = await receive(QueueUrl);
  const fault = new RangeError('no');
  const fail = () => {
    throw fault;
  };
  expect(() => processMessage(message!, fail)).toThrow(fault);
  await expect(processMessage(message!, async () => fail())).rejects.toBe(fault);
  const [, , thrown, rejected] = await recorder.take(4);
  for (const span of [thrown!, rejected!])
    expect([span.status.code, span.attributes['error.type']]).toEqual([SpanStatusCode.ERROR, 'RangeError']);
});

test('messages that no traced client has received are handled without a span', async () => {
  expect(processMessage({ MessageId: 'x' }, ({ MessageId }) => MessageId)).toBe('x');
  expect(processBatch([], (given) => given.length)).toBe(0);
  expect(messageContext({})).toBe(messageContext({}));
});

test('only the attributes with a context are asked for in addition', async () => {
  const QueueUrl = await queueOf('asked');
  await send(QueueUrl, { MessageAttributes: { a: attribute('1'), b: attribute('2') } });
  const input = Object.freeze({
    QueueUrl,
    VisibilityTimeout: 0,
    MessageAttributeNames: Object.freeze(['a']) as string[],
  });
  const [message] = await receive(QueueUrl, input);
  const [all] = await receive(QueueUrl, { VisibilityTimeout: 0, MessageAttributeNames: ['All'] });
  plugin.setConfig({ propagateThrough: [] });
  const [none] = await receive(QueueUrl, { VisibilityTimeout: 0 });
  await recorder.take(4);
  const names = [message, all, none].map((each) => Object.keys(each?.MessageAttributes ?? {}).sort());
  expect(names).toEqual([['a', 'traceparent'], ['a', 'b', 'traceparent'], []]);
});

test('an unsampled receiver processes messages in their own traces, and an ignored one without spans', async () => {
  const QueueUrl = await queueOf('unsampled');
  await send(QueueUrl);
  const [sent] = await recorder.take(1);
  recorder.sampling = 'none';
  const [message] = await within(callerSpan('poller'), () => receive(QueueUrl, { VisibilityTimeout: 0 }));
  recorder.sampling = 'all';
  processMessage(message!, () => {});
  plugin.setConfig({ ignore: ['process unsampled', 'receive unsampled'] });
  const [ignored] = await receive(QueueUrl);
  const active = processMessage(ignored!, () => trace.getSpanContext(context.active())?.spanId);
  const [processed] = await recorder.take(1);
  expect([processed!.parentSpanId, active]).toEqual([sent!.spanId, sent!.spanId]);
});

test('with the callbacks of the client, messages are processed in the traces of their senders', async () => {
  const QueueUrl = await queueOf('callback');
  await send(QueueUrl);
  const message = await new Promise<sqs.Message>((resolve, reject) =>
    client.send(new sqs.ReceiveMessageCommand({ QueueUrl }), (error: unknown, output) =>
      error ? reject(error) : resolve(output!.Messages![0]!),
    ),
  );
  processMessage(message, () => {});
  const [sent, received, processed] = await recorder.take(3);
  expect([linkedTo(received!), processed!.parentSpanId]).toEqual([[idsOf(sent!)], sent!.spanId]);
});

test('options choose links instead of a parent, and which messages are trusted', async () => {
  const QueueUrl = await queueOf('trust');
  await send(QueueUrl);
  plugin.setConfig({ useLinksForConsume: true });
  const [linked] = await receive(QueueUrl, { VisibilityTimeout: 0 });
  processMessage(linked!, () => {});
  plugin.setConfig({ trust: [{ path: 'trust', trace: 'link' }] });
  const [untrusted] = await receive(QueueUrl, { VisibilityTimeout: 0 });
  processMessage(untrusted!, () => {});
  plugin.setConfig({ trust: 'ignore' });
  const [unread] = await receive(QueueUrl, { VisibilityTimeout: 0 });
  processMessage(unread!, () => {});
  const [sent, , first, second, second2, third, third2] = await recorder.take(7);
  for (const span of [first!, second!, second2!]) expect(linkedTo(span)).toEqual([idsOf(sent!)]);
  for (const span of [third!, third2!]) expect(linkedTo(span)).toEqual([]);
  for (const span of [first!, second2!, third2!]) expect(span.parentSpanId).toBeUndefined();
});

test('notifications of SNS carry the context as they are and in an envelope', async () => {
  const sns = new SNSClient(server.client);
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: 't' }));
  const urls: string[] = [];
  for (const [name, RawMessageDelivery] of [
    ['raw', 'true'],
    ['enveloped', 'false'],
  ] as const) {
    const { QueueUrl } = await client.send(new sqs.CreateQueueCommand({ QueueName: name }));
    const Endpoint = server.sqs.queue(name).arn;
    const Attributes = { RawMessageDelivery };
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint, Attributes }));
    urls.push(QueueUrl!);
  }
  await recorder.take(5);
  await sns.send(new PublishCommand({ TopicArn, Message: 'm' }));
  await sns.send(
    new PublishBatchCommand({ TopicArn, PublishBatchRequestEntries: [{ Id: 'a', Message: 'm' }] }),
  );
  for (const url of urls) for (const message of await receive(url)) processMessage(message, () => {});
  const [one, batch, ...others] = await recorder.take(8);
  const processed = others.filter(({ kind }) => kind === SpanKind.CONSUMER);
  expect(processed.map(({ parentSpanId }) => parentSpanId)).toEqual(
    [one, batch, one, batch].map((span) => span!.spanId),
  );
  sns.destroy();
});

test('what is malformed is dropped and counted, and the message is processed', async () => {
  const QueueUrl = await queueOf('malformed');
  const queue = server.sqs.queue('malformed');
  const huge = 'x'.repeat(20_000);
  queue.send('m', { traceparent: { DataType: 'Binary', BinaryValue: 'AAEC' } });
  queue.send('m', { traceparent: attribute(huge) });
  queue.send('m', { traceparent: attribute('00-nonsense') });
  queue.send('m', { _datadog: attribute('{') });
  queue.send('{"Type":"Notification","MessageAttributes":{"traceparent":', {});
  queue.send('{"Type":"Notification","MessageAttributes":[null]}', {});
  queue.send('{"Type":"Notification","MessageAttributes":{"traceparent":{"Value":["a",1]}}}', {});
  const bodies: unknown[] = [];
  for (const message of await receive(QueueUrl))
    processMessage(message, ({ Body }) => void bodies.push(Body));
  const [received, ...processed] = await recorder.take(8);
  expect(linkedTo(received!)).toEqual([]);
  expect([bodies.length, ...processed.map(({ parentSpanId }) => parentSpanId)]).toEqual([
    7,
    ...bodies.map(() => undefined),
  ]);
  expect(droppedFromWire()).toMatchObject({
    'aws message: header is not a text': 2,
    'aws message: huge header': 1,
    'aws message: malformed _datadog': 1,
    'aws message: malformed notification': 1,
    'tracecontext: malformed traceparent': 1,
  });
});
