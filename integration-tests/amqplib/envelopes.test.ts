import { join } from 'node:path';
import { nestEnvelope } from '@clew/instrumentation-amqplib';
import { type Collector, startCollector } from '@clew/viewer';
import { runProgram } from '../run-program.ts';
import { type Rabbitmq, rabbitmq } from '../services/rabbitmq.ts';
import { spansOf, treeOf } from '../span-tree.ts';

let broker: Rabbitmq;
let collector: Collector;

beforeAll(async () => {
  [broker, collector] = [await rabbitmq(), await startCollector({ port: 0 })];
}, 120_000);
afterAll(async () => {
  await collector.close();
  await broker.stop();
});

const deep = { a: { b: { c: { d: { e: { f: { g: 'too deep' } } } } } } };
const wide = Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`key ${index}`, index]));
const patterns = [
  'orders.total',
  7,
  { cmd: 'sum' },
  { version: 2, cmd: 'sum', flags: { eager: true, none: null } },
  { 'a "quoted" key': 'a \\ and a "', list: ['x', 1] },
  deep,
  wide,
];

test('NestJS: requests, events, streams and failures, with the envelopes that the environment lists', async () => {
  const { code, stdout, stderr } = await runProgram(
    ['--import', '@clew/node/register', 'nest-envelope.cjs'],
    {
      cwd: join(__dirname, 'programs'),
      variables: {
        AMQP_URL: broker.url,
        QUEUE: 'clew.nest.envelope',
        PATTERNS: JSON.stringify(patterns),
        CLEW_AMQPLIB_ENVELOPES: 'oslo,nest',
        OTEL_SERVICE_NAME: 'nest',
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      },
    },
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const { results, routes } = JSON.parse(stdout);
  expect(results).toEqual([
    6,
    5,
    [1, 2, 3],
    'out of stock',
    'Internal server error',
    'There is no matching message handler defined in the remote service.',
  ]);
  const names = patterns.map((pattern) => {
    const packet = { pattern, data: {}, id: 'a' };
    const reading = nestEnvelope.read(Buffer.from(JSON.stringify(packet)), {});
    return reading?.kind === 'call' && reading.method;
  });
  expect(names).toEqual(routes);

  const spans = spansOf(collector, 'nest');
  expect(treeOf(spans)).toEqual([
    'CLIENT orders.crash',
    '  SERVER orders.crash',
    'CLIENT orders.total',
    '  SERVER orders.total',
    'CLIENT orders.unknown',
    '  SERVER orders.unknown',
    'CLIENT {"area":"math","cmd":"sum"}',
    '  SERVER {"area":"math","cmd":"sum"}',
    'CLIENT {"cmd":"fail"}',
    '  SERVER {"cmd":"fail"}',
    'CLIENT {"cmd":"stream"}',
    '  SERVER {"cmd":"stream"}',
    'PRODUCER orders.created',
    '  CONSUMER orders.created',
    'PRODUCER {"event":"paid"}',
    '  CONSUMER {"event":"paid"}',
  ]);
  const failures = spans.flatMap(({ name, kind, status, attributes }) =>
    attributes['error.type'] === undefined ? [] : [[kind, name, attributes['error.type'], status.message]],
  );
  expect(failures.sort()).toEqual([
    ['CLIENT', 'orders.crash', 'error', 'Internal server error'],
    ['CLIENT', 'orders.unknown', 'error', expect.stringContaining('no matching message handler')],
    ['CLIENT', '{"cmd":"fail"}', 'OUT_OF_STOCK', 'out of stock'],
    ['SERVER', 'orders.crash', 'error', 'Internal server error'],
    ['SERVER', 'orders.unknown', 'error', expect.stringContaining('no matching message handler')],
    ['SERVER', '{"cmd":"fail"}', 'OUT_OF_STOCK', 'out of stock'],
  ]);
});

test('oslo.messaging: the envelope and its keys from the environment', async () => {
  const { code, stdout, stderr } = await runProgram(['--import', '@clew/node/register', 'oslo-cast.cjs'], {
    cwd: join(__dirname, 'programs'),
    variables: {
      AMQP_URL: broker.url,
      CLEW_AMQPLIB_ENVELOPES: 'nest,oslo',
      CLEW_OSPROFILER_HMAC_KEYS: 'SECRET_KEY',
      OTEL_SERVICE_NAME: 'oslo',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    },
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const spans = spansOf(collector, 'oslo');
  expect(treeOf(spans)).toEqual(['PRODUCER note', '  CONSUMER note']);
  const { hmac_key: key, base_id: baseId } = JSON.parse(stdout)._context_trace_info;
  expect([key, baseId.replaceAll('-', '')]).toEqual(['SECRET_KEY', spans[0]?.traceId]);
});

test.each([
  ['olso', '"olso" is left out: expected nest, oslo or package#export'],
  ['@acme/none#envelope', '"@acme/none#envelope" is left out: @acme/none is not installed'],
  ['@clew/osprofiler#envelope', 'is left out: @clew/osprofiler has no export "envelope"'],
  ['@clew/osprofiler#uuidOfSpanId', 'is left out: '],
])(
  'an invalid envelope, %s, is ignored with a warning that names it; the others are used',
  async (name, warning) => {
    const { code, stderr } = await runProgram(['--import', '@clew/node/register', 'plain.cjs'], {
      cwd: join(__dirname, 'programs'),
      variables: {
        AMQP_URL: broker.url,
        CLEW_AMQPLIB_ENVELOPES: `${name},nest`,
        OTEL_SERVICE_NAME: name,
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      },
    });
    expect(code).toBe(0);
    expect(stderr).toContain(
      `CLEW_AMQPLIB_ENVELOPES ${warning}`.replace('ENVELOPES is', `ENVELOPES "${name}" is`),
    );
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(treeOf(spansOf(collector, name))).toContain('CLIENT clew.plain');
  },
);
