import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Collector, startCollector } from '@clew/viewer';
import { runProgram } from '../run-program.ts';
import { type Rabbitmq, rabbitmq } from '../services/rabbitmq.ts';
import { spansOf, treeOf } from '../span-tree.ts';

const package_ = join(__dirname, '..', '..', 'packages', 'instrumentation-amqplib');
const readme = readFileSync(join(package_, 'README.md'), 'utf8');
const [example = '', polling = '', nest = '', envelope = ''] = Array.from(
  readme.matchAll(/^ *```js\n(.*?)```/gms),
  ([, code]) => code,
);
let broker: Rabbitmq;
let collector: Collector;
let folder: string;

beforeAll(async () => {
  [broker, collector] = [await rabbitmq(), await startCollector({ port: 0 })];
  // Inside the repository, so that its packages are found.
  folder = mkdtempSync(join(__dirname, 'programs', 'readme-'));
}, 120_000);
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await collector.close();
  await broker.stop();
});

async function run(service: string, code: string, ...args: string[]): Promise<string[]> {
  const file = join(folder, `${service}.mjs`);
  writeFileSync(file, code);
  const { stderr } = await runProgram([...args, file], {
    variables: {
      AMQP_URL: broker.url,
      QUEUE: 'clew.readme',
      OTEL_SERVICE_NAME: service,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    },
  });
  expect(stderr).toBe('');
  return treeOf(spansOf(collector, service));
}

test('the example has the trace that the README shows', async () => {
  expect(await run('shop', example)).toEqual([
    'INTERNAL checkout',
    '  CLIENT orders.total',
    '    SERVER orders.total',
    '      PRODUCER publish orders.audit',
    '        CONSUMER process orders.audit',
  ]);
  const picture = /```console\n(.*?)```/s.exec(readme)?.[1] ?? '';
  const names = [...picture.matchAll(/^[ │├└─]*(\S+(?: \S+)*?)(?: ◆\d+)? +shop +(\w{3}) /gm)];
  expect(names.map(([, name, kind]) => `${kind} ${name}`)).toEqual([
    'INT checkout',
    'CLI orders.total',
    'SRV orders.total',
    'PRO publish orders.audit',
    'CON process orders.audit',
  ]);
});

test('a fetched message is processed in its own context', async () => {
  const [imports, use] = [
    /^ *import .*messageContext.*$/m.exec(polling)?.[0],
    /^ *if \(message\).*$/m.exec(polling)?.[0],
  ];
  const code = `
    import { context, trace } from '@opentelemetry/api';
    import amqplib from 'amqplib';
    ${imports}
    const connection = await amqplib.connect(process.env.AMQP_URL);
    const channel = await connection.createChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    channel.sendToQueue(queue, Buffer.from('1'));
    await channel.checkQueue(queue);
    const message = await channel.get(queue, { noAck: true });
    const handle = () => trace.getTracer('polling').startSpan('handled').end();
    ${use}
    await connection.close();`;
  expect(await run('polling', code, '--import', '@clew/node/register')).toEqual([
    'PRODUCER publish (temporary)',
    '  CLIENT receive (temporary)',
    '    INTERNAL handled',
  ]);
});

test('the envelope of NestJS names calls after their patterns', async () => {
  const code = `
    import { createRequire } from 'node:module';
    ${nest}
    createRequire(import.meta.url)('../nest.cjs');`;
  expect(await run('nest', code)).toEqual([
    'CLIENT orders.total',
    '  SERVER orders.total',
    'PRODUCER orders.created',
    '  CONSUMER orders.created',
  ]);
});

test('an envelope of the application', async () => {
  const code = `
    import { init } from '@clew/node';
    ${envelope.replace('export ', '')}
    init({ plugins: { amqplib: { envelopes: [jsonRpcEnvelope] } } });
    const { connect } = await import('amqplib');
    const connection = await connect(process.env.AMQP_URL);
    const channel = await connection.createChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    const replyTo = 'amq.rabbitmq.reply-to';
    const send = (to, content, options) =>
      channel.sendToQueue(to, Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...content })), options);
    await channel.consume(queue, ({ properties: { replyTo, correlationId } }) => {
      send(replyTo, { id: 1, error: { code: -32601, message: 'no such method' } }, { correlationId });
    }, { noAck: true });
    const reply = new Promise((resolve) => channel.consume(replyTo, resolve, { noAck: true }));
    send(queue, { id: 1, method: 'sum' }, { replyTo, correlationId: '1' });
    await reply;
    await connection.close();`;
  expect(await run('jsonrpc', code)).toEqual(['CLIENT sum', '  SERVER sum']);
  for (const { attributes } of spansOf(collector, 'jsonrpc')) expect(attributes['error.type']).toBe('-32601');
});
