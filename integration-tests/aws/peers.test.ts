// Senders and receivers with other tracers: dd-trace, and OpenTelemetry's plugin for the SDK of AWS.
import { join } from 'node:path';
import * as sns from '@aws-sdk/client-sns';
import * as sqs from '@aws-sdk/client-sqs';
import { currentSpanId, recordSpans } from '@clew/testing';
import { startCollector } from '@clew/viewer';
import { SpanKind } from '@opentelemetry/api';
import { traceHandler } from '../../packages/instrumentation-aws-lambda/src/index.ts';
import { AwsSdkInstrumentation, processMessage } from '../../packages/instrumentation-aws-sdk/src/index.ts';
import { runProgram } from '../run-program.ts';
import { spansOf } from '../span-tree.ts';
import { type AwsServer, startAwsServer } from './servers/aws-server.ts';

const opentelemetry = join(__dirname, '..', 'opentelemetry');
const recorder = recordSpans();
let server: AwsServer;
beforeAll(async () => {
  server = await startAwsServer();
});
afterAll(() => server.close());

/** A queue and a topic of this name, which delivers to the queue, and a function that gets every invocation and event. */
async function target(name: string, isRaw: boolean): Promise<string> {
  const queues = new sqs.SQSClient(server.client);
  const topics = new sns.SNSClient(server.client);
  const { QueueUrl } = await queues.send(new sqs.CreateQueueCommand({ QueueName: name }));
  const { TopicArn } = await topics.send(new sns.CreateTopicCommand({ Name: name }));
  const Endpoint = server.sqs.queue(name).arn;
  const Attributes = { RawMessageDelivery: String(isRaw) };
  await topics.send(new sns.SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint, Attributes }));
  queues.destroy();
  topics.destroy();
  return QueueUrl!;
}

test.each([
  ['dd-trace', true, join(opentelemetry, 'dd-trace.cjs')],
  ['dd-trace', false, join(opentelemetry, 'dd-trace.cjs')],
  ['opentelemetry', true, join(opentelemetry, 'setup.mjs')],
  ['opentelemetry', false, join(opentelemetry, 'setup.mjs')],
])('what %s sends is processed in its trace (raw delivery: %s)', async (peer, isRaw, preload) => {
  const name = `${peer}-${isRaw}`;
  const QueueUrl = await target(name, isRaw);
  server.functions.define(
    name,
    traceHandler(async (event: { readonly source?: string }) => {
      // The events of the other peers arrive as well.
      if (event.source !== undefined && event.source !== name) return;
      expect(currentSpanId()).toBeDefined();
    }) as never,
  );
  server.bus.addTarget(name);
  const flag = preload.endsWith('.cjs') ? '--require' : '--import';
  const { stdout: traceId, stderr } = await runProgram([flag, preload, 'peer-sender.cjs'], {
    cwd: join(__dirname, 'programs'),
    variables: {
      AWS_URL: server.url,
      NAME: name,
      PEER: peer,
      SETUP: JSON.stringify({ tracer: 'opentelemetry', plugins: { 'aws-sdk': 'opentelemetry' } }),
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
      NODE_NO_WARNINGS: '1',
    },
  });
  expect([traceId, stderr]).toEqual([expect.stringMatching(/^[\da-f]{32}$/), '']);
  await server.functions.idle();
  const plugin = new AwsSdkInstrumentation();
  plugin.instrument(sqs);
  const client = new sqs.SQSClient(server.client);
  const { Messages = [] } = await client.send(
    new sqs.ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
  );
  for (const message of Messages) processMessage(message, () => {});
  client.destroy();
  plugin.disable();
  const spans = await recorder.takeUntil(({ kind }) => kind === SpanKind.CONSUMER);
  const processed = spans.filter(({ kind }) => kind === SpanKind.CONSUMER);
  expect(processed.map((span) => span.traceId)).toEqual([traceId, traceId, traceId]);
  const invoked = spans.filter((span) => span.kind === SpanKind.SERVER && span.name === name);
  // OpenTelemetry's plugin puts no context into events.
  expect(invoked.map((span) => span.traceId === traceId)).toEqual([true, peer === 'dd-trace']);
});

test("what Clew sends is linked by OpenTelemetry's receiver", async () => {
  const QueueUrl = await target('receiver', true);
  const collector = await startCollector({ port: 0 });
  const plugin = new AwsSdkInstrumentation();
  plugin.instrument(sqs);
  const sender = new sqs.SQSClient(server.client);
  const Entries = ['a', 'b'].map((Id) => ({ Id, MessageBody: 'm' }));
  await sender.send(new sqs.SendMessageCommand({ QueueUrl, MessageBody: 'm' }));
  await sender.send(new sqs.SendMessageBatchCommand({ QueueUrl, Entries }));
  sender.destroy();
  plugin.disable();
  const [one, batch] = await recorder.take(2);
  const { stdout, stderr } = await runProgram(
    ['--import', join(opentelemetry, 'setup.mjs'), 'peer-receiver.cjs'],
    {
      cwd: join(__dirname, 'programs'),
      variables: {
        AWS_URL: server.url,
        NAME: 'receiver',
        SETUP: JSON.stringify({ tracer: 'opentelemetry', plugins: { 'aws-sdk': 'opentelemetry' } }),
        OTEL_SERVICE_NAME: 'receiver',
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        NODE_NO_WARNINGS: '1',
      },
    },
  );
  expect({ stdout, stderr }).toEqual({ stdout: '3\n', stderr: '' });
  const received = spansOf(collector, 'receiver').find(({ links }) => links.length > 0);
  await collector.close();
  expect(received?.links.map(({ spanId }) => spanId)).toEqual(
    [one, batch, batch].map((span) => span!.spanId),
  );
});
