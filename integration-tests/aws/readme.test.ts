// The README's example for messages.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as sqs from '@aws-sdk/client-sqs';
import { type Collector, startCollector } from '@clew/viewer';
import { runProgram } from '../run-program.ts';
import { spansOf, treeOf } from '../span-tree.ts';
import { type AwsServer, startAwsServer } from './servers/aws-server.ts';

const readme = readFileSync(
  join(__dirname, '..', '..', 'packages', 'instrumentation-aws-sdk', 'README.md'),
  'utf8',
);
const exampleWith = (text: string) =>
  Array.from(readme.matchAll(/```js\n(.*?)```/gs), ([, code]) => code ?? '').find((code) =>
    code.includes(text),
  )!;
let server: AwsServer;
let collector: Collector;

beforeAll(async () => {
  [server, collector] = [await startAwsServer(), await startCollector({ port: 0 })];
});
afterAll(async () => {
  await collector.close();
  await server.close();
});

/** Runs code with the preload flag, and returns what it prints and its spans. */
async function run(service: string, code: string) {
  const args = ['--import', '@clew/node/register', '--input-type=module', '--eval', code];
  const variables = { OTEL_SERVICE_NAME: service, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
  const { stderr, stdout } = await runProgram(args, { cwd: join(__dirname, 'programs'), variables });
  expect(stderr).toBe('');
  const tree = treeOf(spansOf(collector, service).filter(({ name }) => name !== 'POST'));
  return { stdout, tree };
}

test('each message of a result is processed in the trace of its sender', async () => {
  const client = new sqs.SQSClient(server.client);
  const { QueueUrl } = await client.send(new sqs.CreateQueueCommand({ QueueName: 'orders' }));
  client.destroy();
  const { stdout, tree } = await run(
    'messages',
    `
    import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
    const client = new SQSClient(${JSON.stringify(server.client)});
    const QueueUrl = ${JSON.stringify(QueueUrl)};
    const ship = async ({ id }) => console.log(id);
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: '{"id":1}' }));
    ${exampleWith('processMessage(')}
    client.destroy();`,
  );
  expect(stdout).toBe('1\n');
  expect(tree).toEqual(['CLIENT receive orders', 'PRODUCER send orders', '  CONSUMER process orders']);
});
