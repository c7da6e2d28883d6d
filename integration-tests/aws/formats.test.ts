// Formats other than W3C Trace Context, and signatures, in messages of SQS; an SDK that speaks SQS's older protocol.

import * as sqs from '@aws-sdk/client-sqs';
import { createPropagator, createSignature, TRACE_FORMATS, type TraceFormat, w3cBaggage } from '@clew/core';
import { type RecordedSpan, recordSpans } from '@clew/testing';
import { propagation, type TextMapPropagator } from '@opentelemetry/api';
import { AWSXRayPropagator } from '@opentelemetry/propagator-aws-xray';
import { B3InjectEncoding, B3Propagator } from '@opentelemetry/propagator-b3';
import * as older from 'aws-sqs-3.370';
import { AwsSdkInstrumentation, processMessage } from '../../packages/instrumentation-aws-sdk/src/index.ts';
import { type AwsServer, startAwsServer } from './servers/aws-server.ts';

const recorder = recordSpans();
const plugin = new AwsSdkInstrumentation();
let server: AwsServer;
let client: sqs.SQSClient;
beforeAll(async () => {
  server = await startAwsServer();
  plugin.instrument(sqs);
  plugin.instrument(older);
  client = new sqs.SQSClient(server.client);
});
afterAll(async () => {
  plugin.disable();
  client.destroy();
  await server.close();
});

function use(propagator: TextMapPropagator): void {
  propagation.disable();
  propagation.setGlobalPropagator(propagator);
}

/** A propagator of Clew for formats by their names, with baggage. */
function formats(...names: readonly string[]): TextMapPropagator {
  const chosen = names.map((name) => TRACE_FORMATS.get(name) as TraceFormat);
  return createPropagator({
    extract: chosen,
    inject: chosen,
    extractBeside: [w3cBaggage],
    injectBeside: [w3cBaggage],
  });
}

const attributes = (count: number) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`a${index}`, { DataType: 'String', StringValue: 'v' }]),
  );

/** Sends a message to a new queue, receives and processes it. */
async function exchange(name: string, own: number, more: object = {}) {
  const { QueueUrl } = await client.send(new sqs.CreateQueueCommand({ QueueName: name }));
  const MessageAttributes = attributes(own);
  await client.send(new sqs.SendMessageCommand({ QueueUrl, MessageBody: 'm', MessageAttributes }));
  const stored = server.sqs.queue(name).messages[0]!;
  const { Messages } = await client.send(new sqs.ReceiveMessageCommand({ QueueUrl, ...more }));
  processMessage(Messages![0]!, () => {});
  const [, sent, received, processed] = await recorder.take(4);
  const names = Object.keys(stored.attributes).filter((each) => !/^a\d/.test(each));
  return { message: Messages![0]!, stored, names, sent: sent!, received: received!, processed: processed! };
}

const isContinued = ({ sent, processed }: { sent: RecordedSpan; processed: RecordedSpan }) =>
  expect([processed.traceId, processed.parentSpanId]).toEqual([sent.traceId, sent.spanId]);

test.each([
  ['Clew', () => formats('xray')],
  ['OpenTelemetry', () => new AWSXRayPropagator()],
])("X-Ray's header of %s is a system attribute, which does not count", async (name, propagator) => {
  use(propagator());
  const exchanged = await exchange(`xray-${name}`, 10);
  isContinued(exchanged);
  const { traceId, spanId } = exchanged.sent;
  expect(exchanged.names).toEqual([]);
  expect(exchanged.stored.systemAttributes).toEqual({
    AWSTraceHeader: `Root=1-${traceId.slice(0, 8)}-${traceId.slice(8)};Parent=${spanId};Sampled=1`,
  });
  for (const list of ['AttributeNames', 'MessageSystemAttributeNames']) {
    const { message, ...asked } = await exchange(`${list}-${name}`, 0, { [list]: ['SentTimestamp'] });
    isContinued(asked);
    expect(Object.keys(message.Attributes!).sort()).toEqual(['AWSTraceHeader', 'SentTimestamp']);
  }
});

test.each([
  ['B3 of Clew', () => formats('b3multi'), ['X-B3-TraceId', 'X-B3-SpanId', 'X-B3-Sampled']],
  [
    'B3 of OpenTelemetry',
    () => new B3Propagator({ injectEncoding: B3InjectEncoding.MULTI_HEADER }),
    ['x-b3-traceid', 'x-b3-spanid', 'x-b3-sampled'],
  ],
])('all attributes of %s are sent, or none of them', async (name, propagator, expected) => {
  use(propagator());
  const queue = name.replaceAll(' ', '-');
  const all = await exchange(queue, 7);
  isContinued(all);
  expect(all.names.map((each) => each.toLowerCase()).sort()).toEqual(
    expected.map((each) => each.toLowerCase()).sort(),
  );
  const { names, processed } = await exchange(`${queue}-full`, 8);
  expect([names, processed.parentSpanId]).toEqual([[], undefined]);
});

test('headers that SQS would refuse are left out', async () => {
  const w3c = formats('tracecontext');
  use({
    inject(current, carrier, setter) {
      for (const name of ['tenant!', 'aws.tenant', 'a..b', '.a']) setter.set(carrier, name, 'a');
      setter.set(carrier, 'tracestate', '');
      w3c.inject(current, carrier, setter);
    },
    extract: w3c.extract,
    fields: w3c.fields,
  });
  const exchanged = await exchange('names', 0);
  isContinued(exchanged);
  expect(exchanged.names).toEqual(['traceparent']);
});

test('a signed message is verified once, however often it is used', async () => {
  const clock = { now: Date.now() };
  const w3c = TRACE_FORMATS.get('tracecontext') as TraceFormat;
  const keys = { edge: 'the secret of the edge proxy' };
  use(
    createPropagator({
      extract: [w3c],
      inject: [w3c],
      extractBeside: [],
      injectBeside: [],
      signature: createSignature({ keys, messages: { once: true, maxAgeMs: 60_000 } }, () => clock.now),
    }),
  );
  plugin.setConfig({ trust: 'ignore' });
  const { message, sent, stored, processed } = await exchange('signed', 0);
  expect(stored.attributes['clew-signature']?.StringValue).toContain(';c=message;');
  expect(processed.parentSpanId).toBe(sent.spanId);
  processMessage(message, () => {});
  const [again] = await recorder.take(1);
  expect(again!.parentSpanId).toBe(sent.spanId);
  plugin.setConfig({});
});

test('without a propagator, requests stay as they are', async () => {
  propagation.disable();
  const { names, message, processed } = await exchange('none', 0);
  expect([names, message.MessageAttributes, processed.parentSpanId]).toEqual([[], undefined, undefined]);
});

test('an SDK that speaks the older protocol of SQS carries the context', async () => {
  use(formats('tracecontext', 'xray'));
  const old = new older.SQSClient(server.client as never) as unknown as sqs.SQSClient;
  const commands = older as unknown as typeof sqs;
  const { QueueUrl } = await old.send(new commands.CreateQueueCommand({ QueueName: 'older' }));
  const Entries = [{ Id: 'a', MessageBody: 'm' }];
  await old.send(new commands.SendMessageBatchCommand({ QueueUrl, Entries }));
  const { Messages } = await old.send(new commands.ReceiveMessageCommand({ QueueUrl }));
  processMessage(Messages![0]!, () => {});
  old.destroy();
  const [, sent, , processed] = await recorder.take(4);
  isContinued({ sent: sent!, processed: processed! });
  expect(Object.keys(server.sqs.queue('older').messages[0]!.systemAttributes)).toEqual(['AWSTraceHeader']);
});
