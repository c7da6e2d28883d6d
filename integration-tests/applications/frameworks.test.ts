// Runs applications of frameworks with and without the preload, and compares everything that a user can observe.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type Collector, startCollector } from '@clew/viewer';
import { blockOf } from '../page-blocks.ts';
import { cleanEnvironment } from '../run-program.ts';
import { findPostgres, type Postgres } from '../services/postgres.ts';
import { createDatabase, type Database } from '../services/postgres-database.ts';
import { type Rabbitmq, rabbitmq } from '../services/rabbitmq.ts';
import { spansOf, treeOf } from '../span-tree.ts';

let broker: Rabbitmq;
let postgres: Postgres;
let database: Database;
let collector: Collector;

beforeAll(async () => {
  [broker, postgres, collector] = [await rabbitmq(), await findPostgres(), await startCollector({ port: 0 })];
  database = await createDatabase(postgres);
}, 120_000);
afterAll(async () => {
  await collector.close();
  await database.drop();
  await postgres.stop();
  await broker.stop();
});

type Call = readonly [method: string, path: string, body?: unknown];

/** Starts an application, sends it requests one after the other, and stops it with SIGTERM. */
async function run(file: string, calls: readonly Call[], flags: readonly string[] = []) {
  const child = fork(join(__dirname, 'programs', file), {
    execArgv: [...flags],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: cleanEnvironment({
      POSTGRES_URL: database.url,
      AMQP_URL: broker.url,
      QUEUE: `clew.applications.${process.pid}`,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_SERVICE_NAME: file,
      CLEW_AMQPLIB_ENVELOPES: 'nest',
    }),
  });
  const output = Promise.all([text(child.stdout!), text(child.stderr!)]);
  const closed = once(child, 'close');
  const [port] = await Promise.race([
    once(child, 'message'),
    closed.then(async () => Promise.reject(new Error(`${file} ended: ${await output}`))),
  ]);
  const responses = [];
  for (const call of calls) responses.push(await send(`http://127.0.0.1:${port}`, call));
  child.kill('SIGTERM');
  const [code, signal] = await closed;
  return { responses, code, signal, output: await output };
}

async function send(url: string, [method, path, body]: Call) {
  const response = await fetch(url + path, {
    method,
    headers: { 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const headers = [...response.headers].filter(([name]) => name !== 'date');
  return { status: response.status, headers, body: await response.text() };
}

test.each<[file: string, calls: readonly Call[], statuses: readonly number[], tree: readonly string[]]>([
  [
    'nest.mjs',
    [
      ['GET', '/api/orders/7'],
      ['GET', '/api/elsewhere'],
      ['POST', '/api/orders/total', [1, 2, 3]],
      ['POST', '/api/orders', { id: 7 }],
    ],
    [200, 404, 201, 201],
    [
      'SERVER GET /api/*path',
      'SERVER GET /api/orders/:id',
      '  CLIENT SELECT',
      'SERVER POST /api/orders',
      '  PRODUCER orders.created',
      '    CONSUMER orders.created',
      '      CLIENT SELECT',
      'SERVER POST /api/orders/total',
      '  CLIENT orders.total',
      '    SERVER orders.total',
      '      CLIENT SELECT',
    ],
  ],
  [
    'feathers.mjs',
    [
      ['POST', '/messages', { text: 'hello' }],
      ['GET', '/messages/1'],
      ['GET', '/messages/2'],
      ['GET', '/elsewhere'],
    ],
    [201, 200, 404, 404],
    [
      'CLIENT CREATE clew_feathers_messages',
      'CLIENT DROP clew_feathers_messages',
      'CLIENT SELECT',
      'SERVER GET',
      'SERVER GET /messages/:id',
      '  CLIENT SELECT clew_feathers_messages',
      'SERVER GET /messages/:id',
      '  CLIENT SELECT clew_feathers_messages',
      'SERVER POST /messages',
      '  CLIENT INSERT clew_feathers_messages',
      '  CLIENT SELECT clew_feathers_messages',
    ],
  ],
])('%s behaves as untraced, and each request is one trace', async (file, calls, statuses, tree) => {
  const untraced = await run(file, calls);
  const traced = await run(file, calls, ['--import', '@clew/node/register']);
  expect(untraced.responses.map(({ status }) => status)).toEqual(statuses);
  expect(untraced).toMatchObject({ code: null, signal: 'SIGTERM', output: ['', ''] });
  expect(traced).toEqual(untraced);
  expect(treeOf(spansOf(collector, file))).toEqual(tree);
});

test('the Feathers application uses the documented middleware', () => {
  const program = readFileSync(join(__dirname, 'programs', 'feathers.mjs'), 'utf8');
  expect(program).toContain(blockOf('docs/applications.md', 'Feathers', 'js'));
});
