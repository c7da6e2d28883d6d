// Programs whose senders and consumers are in one trace: as CommonJS and as ES modules, with Clew's tracer and OpenTelemetry's.
import { join } from 'node:path';
import * as sns from '@aws-sdk/client-sns';
import * as sqs from '@aws-sdk/client-sqs';
import { type Collector, startCollector } from '@clew/viewer';
import { runProgram } from '../run-program.ts';
import { spansOf, treeOf } from '../span-tree.ts';
import { type AwsServer, startAwsServer } from './servers/aws-server.ts';

const programs = join(__dirname, 'programs');
const setup = join(__dirname, '..', 'opentelemetry', 'setup.mjs');
let server: AwsServer;
let collector: Collector;
let runs = 0;

beforeAll(async () => {
  [server, collector] = [await startAwsServer(), await startCollector({ port: 0 })];
});
afterAll(async () => {
  await collector.close();
  await server.close();
});

/** Runs a program with a queue of its own that is subscribed to a topic of its own. */
async function run(args: readonly string[], isRaw: boolean, variables: Record<string, string> = {}) {
  const name = `orders${runs++}`;
  const queues = new sqs.SQSClient(server.client);
  const topics = new sns.SNSClient(server.client);
  await queues.send(new sqs.CreateQueueCommand({ QueueName: name }));
  const { TopicArn } = await topics.send(new sns.CreateTopicCommand({ Name: name }));
  await topics.send(
    new sns.SubscribeCommand({
      TopicArn,
      Protocol: 'sqs',
      Endpoint: server.sqs.queue(name).arn,
      Attributes: { RawMessageDelivery: String(isRaw) },
    }),
  );
  queues.destroy();
  topics.destroy();
  const { code, stderr } = await runProgram(args, {
    cwd: programs,
    variables: {
      AWS_URL: server.url,
      QUEUE: name,
      OTEL_SERVICE_NAME: name,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      NODE_NO_WARNINGS: '1',
      ...variables,
    },
  });
  const spans = spansOf(collector, name).filter(({ name: spanName }) => !/^POST/.test(spanName));
  const sent = spans.filter(({ kind }) => kind === 'PRODUCER');
  const links = spans.find(({ name: spanName }) => spanName.startsWith('receive'))?.links;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(links?.map(({ spanId }) => spanId).sort()).toEqual(sent.map(({ spanId }) => spanId).sort());
  return treeOf(spans).map((line) => line.replace(name, 'orders'));
}

const TREE = [
  'CLIENT receive orders',
  'INTERNAL order',
  '  PRODUCER publish orders',
  '    CONSUMER process orders',
  '      INTERNAL handle by topic',
  '  PRODUCER send orders',
  '    CONSUMER process orders',
  '      INTERNAL handle direct',
];

describe.each([
  ['exchange-program.cjs', true],
  ['exchange-program.mjs', false],
])('%s (raw delivery: %s)', (file, isRaw) => {
  test('is one trace with the preload flag', async () => {
    expect(await run(['--import', '@clew/node/register', file], isRaw)).toEqual(TREE);
  });

  test.each(['clew', 'opentelemetry'])('is one trace with the tracer of %s', async (tracer) => {
    const SETUP = JSON.stringify({ tracer, plugins: { 'aws-sdk': 'clew' } });
    expect(await run(['--import', setup, file], isRaw, { SETUP })).toEqual(TREE);
  });
});
