import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Collector, startCollector } from '@clew/viewer';
import { runProgram } from '../run-program.ts';
import { findKafka, type Kafka, startKcat } from '../services/kafka.ts';
import { spansOf, treeOf } from '../span-tree.ts';

const programs = join(__dirname, 'programs');
const setup = join(__dirname, '..', 'opentelemetry', 'setup.mjs');
const PRELOAD = ['--import', '@clew/node/register'];
let kcat: Kafka;
let broker: Kafka;
let collector: Collector;
let runs = 0;

beforeAll(async () => {
  [kcat, broker, collector] = [await startKcat(), await findKafka(), await startCollector({ port: 0 })];
}, 120_000);
afterAll(async () => {
  await collector.close();
  await Promise.all([kcat.stop(), broker.stop()]);
});

async function run(args: readonly string[], { brokers }: Kafka, variables: Record<string, string> = {}) {
  const topic = `clew-kafkajs-${process.pid.toString(36)}-${++runs}`;
  const ended = await runProgram(args, {
    cwd: programs,
    variables: {
      KAFKA_BROKERS: brokers,
      KAFKAJS_NO_PARTITIONER_WARNING: '1',
      // kafkajs sets a negative timeout.
      NODE_NO_WARNINGS: '1',
      TOPIC: topic,
      OTEL_SERVICE_NAME: topic,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      ...variables,
    },
  });
  const spans = spansOf(collector, variables.OTEL_SERVICE_NAME ?? topic);
  const without = (text: string) => text.replaceAll(`${topic}.`, '');
  return {
    code: ended.code,
    stdout: without(ended.stdout),
    stderr: without(ended.stderr),
    tree: treeOf(spans).map(without),
  };
}

const TREE = [
  'PRODUCER send audit',
  '  CONSUMER process audit',
  'PRODUCER send orders',
  '  CONSUMER process orders',
  '    PRODUCER send audit',
  '      CONSUMER process audit',
];
const STDOUT = `[ 'orders 0 0' ]`;

test.each(['orders.cjs', 'orders.mjs'])(
  "%s is traced by the preload flag, and prints what it prints untraced; with librdkafka's broker",
  async (file) => {
    const [bare, traced] = [await run([file], kcat), await run([...PRELOAD, file], kcat)];
    expect(bare).toMatchObject({ code: 0, stderr: '', tree: [] });
    expect(bare.stdout).toContain(STDOUT);
    expect({ ...traced, stdout: traced.stdout.split('\n').sort() }).toEqual({
      ...bare,
      stdout: bare.stdout.split('\n').sort(),
      tree: TREE,
    });
  },
);

test.each(
  ['clew', 'opentelemetry'].flatMap((tracer) => ['orders.cjs', 'orders.mjs'].map((file) => [tracer, file])),
)('with the tracer of %s, %s has the same trace', async (tracer, file) => {
  const SETUP = JSON.stringify({ tracer, plugins: { kafkajs: 'clew' } });
  const { code, stderr, tree } = await run(['--import', setup, file!], broker, { SETUP });
  expect({ code, stderr, tree }).toEqual({ code: 0, stderr: '', tree: TREE });
});

test('an unhandled rejection ends the process as it does untraced, and is recorded', async () => {
  const [bare, traced] = [await run(['rejects.cjs'], broker), await run([...PRELOAD, 'rejects.cjs'], broker)];
  expect(bare).toMatchObject({ code: 1, tree: [] });
  for (const { stderr } of [bare, traced]) expect(stderr).toContain('The producer is disconnected');
  expect(traced).toMatchObject({ code: 1, tree: ['PRODUCER send orders'] });
});

describe('the README', () => {
  const path = join(__dirname, '..', '..', 'packages', 'instrumentation-kafkajs', 'README.md');
  const readme = readFileSync(path, 'utf8');
  const [example = '', batch = ''] = Array.from(readme.matchAll(/^ *```js\n(.*?)```/gms), ([, code]) => code);
  let folder: string;

  beforeAll(() => {
    // Inside the repository, so that its packages are found.
    folder = mkdtempSync(join(programs, 'readme-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const treeOfCode = async (name: string, code: string, flags: readonly string[], service?: string) => {
    const file = join(folder, `${name}.mjs`);
    writeFileSync(file, code);
    const more = service === undefined ? {} : { OTEL_SERVICE_NAME: service };
    const { tree, ...ended } = await run([...flags, file], broker, more);
    expect(ended).toEqual({ code: 0, stdout: '', stderr: '' });
    return tree;
  };

  test('the example has the trace that the README shows', async () => {
    const [, tree = ''] = /```text\n(.*?)```/s.exec(readme) ?? [];
    expect(await treeOfCode('shop', example, [], 'shop')).toEqual(tree.trimEnd().split('\n'));
  });

  test('processMessage gives each message of a batch a span of its own', async () => {
    const [imports, use] = [
      /^ *import .*processMessage.*$/m.exec(batch)?.[0],
      /^ *await .*/ms.exec(batch)?.[0],
    ];
    const code = `
      import { trace } from '@opentelemetry/api';
      import { Kafka } from 'kafkajs';
      ${imports}
      const kafka = new Kafka({ brokers: process.env.KAFKA_BROKERS.split(','), logLevel: 0 });
      const producer = kafka.producer();
      await producer.connect();
      const topic = process.env.TOPIC + '.orders';
      for (const value of ['1', '2']) await producer.send({ topic, messages: [{ value, partition: 0 }] });
      const consumer = kafka.consumer({ groupId: topic });
      await consumer.subscribe({ topic, fromBeginning: true });
      const { promise: done, resolve } = Promise.withResolvers();
      const handle = async (message) => {
        trace.getTracer('shop').startSpan('handled').end();
        if (String(message.value) === '2') resolve();
      };
      ${use}
      await done;
      await consumer.disconnect();
      await producer.disconnect();`;
    expect(await treeOfCode('batch', code, PRELOAD)).toEqual([
      'CONSUMER process orders',
      ...Array(2).fill(['PRODUCER send orders', '  CONSUMER process orders', '    INTERNAL handled']).flat(),
    ]);
  });
});
