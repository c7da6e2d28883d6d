// Where functions that are wrapped by `traceHandler` find the context: in the events of AWS's services.
import { Buffer } from 'node:buffer';
import { currentSpanId, recordSpans } from '@clew/testing';
import { SpanKind } from '@opentelemetry/api';
import { processRecord, traceHandler } from '../../packages/instrumentation-aws-lambda/src/index.ts';
import { context, invoke, only, record, sender } from './lambda-events.ts';

const recorder = recordSpans();

test('the messages of a batch are links of a CONSUMER span', async () => {
  const [a, b] = [await sender(recorder), await sender(recorder)];
  const active = await invoke({ Records: [record(a.headers), record(b.headers), record({})] });
  const [server, consumer] = await recorder.take(2);
  expect([consumer!.name, consumer!.kind, consumer!.spanId]).toEqual([
    'process jobs',
    SpanKind.CONSUMER,
    active,
  ]);
  expect([consumer!.parentSpanId, server!.parentSpanId]).toEqual([server!.spanId, undefined]);
  expect(consumer!.links.map((link) => link.context.spanId)).toEqual([a.spanId, b.spanId]);
  expect(consumer!.attributes).toEqual({
    'messaging.system': 'aws_sqs',
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'messaging.destination.name': 'jobs',
    'messaging.batch.message_count': 3,
  });
});

test('the records of a stream are links of the invocation', async () => {
  const { headers, spanId } = await sender(recorder);
  const kinesis = (data: string) => ({
    eventSource: 'aws:kinesis',
    kinesis: { data: Buffer.from(data).toString('base64') },
  });
  const own = JSON.stringify({ _context: headers, a: 1 });
  await invoke({ Records: [kinesis(own), kinesis('{"a":1}'), kinesis('{"_context":'), kinesis('')] });
  const [server] = await recorder.take(1);
  expect(server!.links.map((link) => link.context.spanId)).toEqual([spanId]);
});

const bytes = (headers: object) =>
  Object.entries(headers).map(([name, value]) => [name, [...Buffer.from(String(value))]] as const);

test.each([
  [
    'kafka',
    (all: object[]) => ({
      eventSource: 'aws:kafka',
      records: {
        'jobs-0': all.map((headers) => ({
          topic: 'jobs',
          partition: 0,
          value: 'e30=',
          headers: bytes(headers).map(([name, value]) => ({ [name]: value })),
        })),
      },
    }),
  ],
  [
    'rabbitmq',
    (all: object[]) => ({
      eventSource: 'aws:rmq',
      rmqMessagesByQueue: {
        'jobs::/': all.map((headers) => ({
          basicProperties: {
            headers: Object.fromEntries(bytes(headers).map(([name, value]) => [name, { bytes: value }])),
          },
          data: 'e30=',
        })),
      },
    }),
  ],
])('messages of %s continue their trace, and several are links', async (system, eventOf) => {
  const [a, b] = [await sender(recorder), await sender(recorder)];
  await invoke(eventOf([a.headers]));
  const [single] = only(await recorder.take(2), SpanKind.SERVER);
  expect([single!.parentSpanId, single!.attributes['faas.trigger']]).toEqual([a.spanId, 'pubsub']);
  await invoke(eventOf([a.headers, b.headers, {}]));
  const [consumer] = only(await recorder.take(2), SpanKind.CONSUMER);
  expect([consumer!.name, consumer!.attributes['messaging.system']]).toEqual(['process jobs', system]);
  expect(consumer!.links.map((link) => link.context.spanId)).toEqual([a.spanId, b.spanId]);
});

test('each record of a batch is processed in the trace of its sender', async () => {
  const [a, b] = [await sender(recorder), await sender(recorder)];
  const results: unknown[] = [];
  const handler = traceHandler(async ({ Records }: { Records: object[] }, _context: object) => {
    for (const each of Records) results.push(await processRecord(each, async () => currentSpanId()));
  });
  await handler({ Records: [record(a.headers), record(b.headers), record({})] }, context);
  const spans = await recorder.take(5);
  const [batch] = spans.filter((span) => span.attributes['messaging.batch.message_count'] === 3);
  const processed = results.map((id) => spans.find((span) => span.spanId === id)!);
  expect(processed.map(({ name, parentSpanId }) => [name, parentSpanId])).toEqual([
    ['process jobs', a.spanId],
    ['process jobs', b.spanId],
    ['process jobs', batch!.spanId],
  ]);
  expect(processed.map(({ links }) => links.map((link) => link.context.spanId))).toEqual([
    [batch!.spanId],
    [batch!.spanId],
    [],
  ]);
});

test('a record of a stream is processed in the context of its sender, and others as they are', async () => {
  const { headers, spanId } = await sender(recorder);
  const kinesis = {
    eventSource: 'aws:kinesis',
    kinesis: { data: btoa(JSON.stringify({ _context: headers })) },
  };
  const seen: unknown[] = [];
  const handler = traceHandler(async (..._args: unknown[]) => {
    for (const each of [kinesis, { eventSource: 'aws:s3' }, {}])
      seen.push(processRecord(each, () => currentSpanId()));
    return currentSpanId();
  });
  const own = await handler({}, context);
  await recorder.take(1);
  expect(seen).toEqual([spanId, own, own]);
  expect(processRecord(kinesis, () => 'outside')).toBe('outside');
  expect(() =>
    processRecord(kinesis, () => {
      throw new RangeError('of the handler');
    }),
  ).toThrow('of the handler');
});

test('a batch of thousands of messages has at most 128 links', async () => {
  const { headers } = await sender(recorder);
  await invoke({ Records: Array.from({ length: 10_000 }, () => record(headers)) });
  const [, consumer] = await recorder.take(2);
  expect([consumer!.links.length, consumer!.attributes['messaging.batch.message_count']]).toEqual([
    128, 10_000,
  ]);
});

test('events of any shape reach the handler unchanged', async () => {
  const events = [
    null,
    'text',
    0,
    { Records: [null] },
    { Records: [{ eventSource: 'aws:sqs', messageAttributes: 3, body: {} }, 0] },
    { Records: [{ eventSource: 'aws:kinesis', kinesis: 'x' }] },
    { Records: [{ EventSource: 'aws:sns', Sns: [] }] },
    { requestContext: null },
    { requestContext: {}, httpMethod: 7 },
    { requestContext: {}, httpMethod: 'GET', path: 5, headers: 'x', multiValueHeaders: [] },
    { 'detail-type': 'x', detail: 'y' },
    { baggage: { weight: 3 }, _context: 5 },
  ];
  const got: unknown[] = [];
  const handler = traceHandler(async (event: unknown, _context?: unknown) => void got.push(event));
  for (const event of events) await handler(event);
  expect(got).toEqual(events);
  // Two of them have messages with a span of their own.
  await recorder.take(events.length + 2);
});
