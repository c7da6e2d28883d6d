// The examples of the README, each as a separate function.
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listenOn } from '@clew/testing';
import { blocksOf } from '../page-blocks.ts';
import { tracedFunctions } from './functions.ts';

const root = join(__dirname, '..', '..');
const examples = blocksOf('packages/instrumentation-aws-lambda/README.md')
  .filter(({ language }) => language === 'js')
  .map(({ text }) => text);
const suite = tracedFunctions();
const event = {
  resource: '/items/{id}',
  path: '/items/7',
  httpMethod: 'GET',
  headers: {},
  pathParameters: { id: 7 },
  requestContext: {},
};
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'clew-function-'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function run(code: string, given: object = event) {
  writeFileSync(join(folder, 'index.mjs'), code);
  const invoked = await suite.start({ handler: 'index.handler', folder });
  const { body } = await invoked.invoke(given);
  const spans = suite.receiver.take().map(({ name, kind }) => `${kind} ${name}`);
  return { response: JSON.parse(body) as unknown, spans, ...invoked.output() };
}

test('a function without code for tracing is traced, with its requests', async () => {
  const stock = await listenOn(createServer((request, response) => response.end(`stock of ${request.url}`)));
  const code = examples[0]!.replace('https://stock.example', stock.url);
  expect(code).toContain(stock.url);
  const result = await run(code);
  await stock.close();
  expect(result).toEqual({
    response: { statusCode: 200, body: 'stock of /items/7' },
    spans: ['3 GET', '2 GET /items/{id}'],
    stdout: '',
    stderr: '',
  });
});

test('each record of a batch has a span', async () => {
  const record = {
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:eu-north-1:0:jobs',
    messageId: 'm',
    body: '{"id":7}',
  };
  const { stdout, spans } = await run(examples[1]!, { Records: [record, record] });
  const processed = '5 process jobs';
  expect([stdout.match(/\b7$/gm)?.length, spans]).toEqual([2, [processed, processed, processed, '2 orders']]);
});

test('a handler that is traced twice has one span', async () => {
  expect(await run(examples[2]!)).toEqual({
    response: { statusCode: 200, body: 'shipped 7' },
    spans: ['2 GET /items/{id}'],
    stdout: '',
    stderr: '',
  });
});
