import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Collector, startCollector } from '@clew/viewer';
import { runProgram } from '../run-program.ts';
import { findKafka, type Kafka } from '../services/kafka.ts';
import { spansOf, treeOf } from '../span-tree.ts';

const programs = join(__dirname, 'programs');
const setup = join(__dirname, '..', 'opentelemetry', 'setup.mjs');
const PRELOAD = ['--import', '@clew/node/register'];
let broker: Kafka;
let collector: Collector;
let runs = 0;

beforeAll(async () => {
  [broker, collector] = [await findKafka(), await startCollector({ port: 0 })];
});
afterAll(async () => {
  await collector.close();
  await broker.stop();
});

async function run(args: readonly string[], variables: Record<string, string> = {}) {
  const topic = `clew-platformatic-${process.pid.toString(36)}-${++runs}`;
  const ended = await runProgram(args, {
    cwd: programs,
    variables: {
      KAFKA_BROKERS: broker.brokers,
      NODE_NO_WARNINGS: '1',
      TOPIC: topic,
      OTEL_SERVICE_NAME: topic,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      ...variables,
    },
  });
  const without = (text: string) => text.replaceAll(`${topic}.`, '');
  const spans = spansOf(collector, variables.OTEL_SERVICE_NAME ?? topic);
  return {
    code: ended.code,
    stdout: without(ended.stdout),
    stderr: without(ended.stderr),
    tree: treeOf(spans).map(without),
    spans,
  };
}

const TREE = [
  'PRODUCER send audit',
  '  CONSUMER process audit',
  '    PRODUCER send done',
  'PRODUCER send orders',
  '  CONSUMER process orders',
  'PRODUCER send orders',
  '  CONSUMER process orders',
];

test('the shared suite', async () => {
  const { code, stdout } = await run(['--test', '--test-reporter=tap', 'suite.mjs']);
  expect({ code, failed: stdout.split('\n').filter((line) => /^ *not ok/.test(line)) }).toEqual({
    code: 0,
    failed: [],
  });
  expect(Number(/^# pass (\d+)/m.exec(stdout)?.[1])).toBeGreaterThanOrEqual(7);
}, 120_000);

test('an application is traced by the preload flag, and prints what it prints untraced', async () => {
  const [bare, traced] = [await run(['orders.mjs']), await run([...PRELOAD, 'orders.mjs'])];
  expect(bare).toMatchObject({ code: 0, stderr: '', tree: [] });
  const { spans, ...outcome } = traced;
  expect(outcome).toEqual({ code: 0, stderr: '', stdout: bare.stdout, tree: TREE });
  for (const name of ['send', 'process']) {
    const own = spans.filter((span) => span.name.startsWith(`${name} `) && span.name.endsWith('.orders'));
    expect(own.map(({ attributes }) => Number(attributes['messaging.kafka.offset'])).sort()).toEqual([0, 1]);
    for (const { attributes } of own) {
      expect(attributes['messaging.system']).toBe('kafka');
      expect(attributes['messaging.destination.partition.id']).toBe(
        own[0]?.attributes['messaging.destination.partition.id'],
      );
      expect(attributes['messaging.consumer.group.name']).toBe(
        name === 'process' ? attributes['messaging.destination.name'] : undefined,
      );
    }
  }
  expect(JSON.stringify(spans.map(({ attributes }) => attributes))).not.toContain('ada');
});

test.each(['clew', 'opentelemetry'])('with the tracer of %s, the trace is the same', async (tracer) => {
  const SETUP = JSON.stringify({ tracer, plugins: { 'platformatic-kafka': 'clew' } });
  const { code, stderr, tree } = await run(['--import', setup, 'orders.mjs'], { SETUP });
  expect({ code, stderr, tree }).toEqual({ code: 0, stderr: '', tree: TREE });
});

describe('the README', () => {
  const path = join(__dirname, '..', '..', 'packages', 'instrumentation-platformatic-kafka', 'README.md');
  const readme = readFileSync(path, 'utf8');
  const [example = ''] = Array.from(readme.matchAll(/^ *```js\n(.*?)```/gms), ([, code]) => code);
  let folder: string;

  beforeAll(() => {
    // Inside the repository, so that its packages are found.
    folder = mkdtempSync(join(programs, 'readme-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('the example has the trace that the README shows', async () => {
    const file = join(folder, 'shop.mjs');
    writeFileSync(file, example);
    const { code, stderr, tree } = await run([file], { OTEL_SERVICE_NAME: 'platformatic-shop' });
    const [, shown = ''] = /```text\n(.*?)```/s.exec(readme) ?? [];
    expect({ code, stderr, tree }).toEqual({ code: 0, stderr: '', tree: shown.trimEnd().split('\n') });
  });
});
