// Runs the examples of docs/libraries-without-a-plugin.md, outside of this repository.
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCollector } from '@clew/viewer';
import { npm, packPackages } from '../packed-packages.ts';
import { blockOf, commandsOf } from '../page-blocks.ts';
import { runProgram } from '../run-program.ts';
import { spansOf, treeOf } from '../span-tree.ts';

const PAGE = 'docs/libraries-without-a-plugin.md';
const INSTRUMENTATION = 'An instrumentation of OpenTelemetry';
const TIMEOUT_MS = 300_000;
const CLEW = ['node', 'instrumentation-express', 'instrumentation-http'];
const OTHERS = [
  '@opentelemetry/api@1.10.0',
  '@opentelemetry/instrumentation-dataloader@0.41.0',
  '@opentelemetry/instrumentation-graphql@0.72.0',
  'dataloader@2.2.3',
  'express@5.3.0',
  'graphql@16.15.0',
];

let project: string;
beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), 'clew-without-a-plugin-'));
  writeFileSync(join(project, 'package.json'), '{ "private": true }\n');
  cpSync(join(__dirname, 'programs'), project, { recursive: true });
  writeFileSync(join(project, 'options.mjs'), blockOf(PAGE, INSTRUMENTATION, 'js'));
  writeFileSync(join(project, 'look-up.mjs'), blockOf(PAGE, 'A span of your own', 'js'));
  writeFileSync(join(project, 'subscribe.mjs'), blockOf(PAGE, 'A tracing channel', 'js'));
  await npm(project, 'install', ...(await packPackages(project, CLEW)), ...OTHERS);
}, TIMEOUT_MS);
afterAll(() => rmSync(project, { recursive: true, force: true }));

async function trace(args: readonly string[], variables: Readonly<Record<string, string>> = {}) {
  const collector = await startCollector({ port: 0 });
  try {
    const ended = await runProgram(args, {
      cwd: project,
      variables: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_SERVICE_NAME: 'shop', ...variables },
    });
    expect(ended).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
    return spansOf(collector, 'shop');
  } finally {
    await collector.close();
  }
}

test('the documented command adds the spans of OpenTelemetry’s instrumentations below those of Clew', async () => {
  const command = commandsOf(PAGE, INSTRUMENTATION).find((line) => line.includes('node --import'))!;
  const [, name = '', value = '', args = ''] = /^(\w+)=(\S+) node (.*)$/.exec(command)!;
  const [schema, ...request] = treeOf(await trace(args.split(' '), { [name]: value }));
  expect(schema).toBe('INTERNAL graphql.parseSchema');
  expect(request).toEqual(blockOf(PAGE, INSTRUMENTATION, 'text').trimEnd().split('\n'));
});

test('an instance with options is used as in the example', async () => {
  const names = (await trace(['options.mjs'])).map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['GET /orders/:id', 'query Shop']));
  expect(names.filter((name) => name.startsWith('graphql.resolve'))).toEqual([]);
});

test('without an instrumentation, the request has its span and its route', async () => {
  expect(treeOf(await trace(['--import', '@clew/node/register', 'app.js']))).toEqual([
    'SERVER GET /orders/:id',
  ]);
});

test.each([
  ['a tracing channel', ['--import', './subscribe.mjs', 'channel.mjs'], 'tinydb query', 'empty'],
  ['a span of your own', ['own-span.mjs'], 'ldap.search', 'no server'],
])('the example of %s has a span for each call, with its error', async (_, args, name, message) => {
  const spans = await trace(['--import', '@clew/node/register', ...args]);
  expect(spans.map((span) => [span.kind, span.name, span.status])).toEqual(
    expect.arrayContaining([
      ['CLIENT', name, expect.objectContaining({ code: 'UNSET' })],
      ['CLIENT', name, expect.objectContaining({ message })],
    ]),
  );
  expect(spans).toHaveLength(2);
});
