// Which client libraries `clew import` loads, and what it reports without a library or without a server.
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runProgram } from '../run-program.ts';
import { clew } from './clew.ts';
import { failedRequest } from './points.ts';
import {
  mariadbStorage,
  postgresStorage,
  rabbitmqStorage,
  redisStorage,
  type TestStorage,
} from './storages.ts';

const root = join(__dirname, '..', '..');
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'clew-clients-'));
  // A project that has the viewer and what it depends on, but no client.
  const scope = join(folder, 'node_modules', '@clew');
  mkdirSync(scope, { recursive: true });
  cpSync(join(root, 'packages', 'viewer', 'dist'), join(scope, 'viewer', 'dist'), { recursive: true });
  cpSync(join(root, 'packages', 'viewer', 'package.json'), join(scope, 'viewer', 'package.json'));
  for (const name of ['osprofiler', 'sampling']) symlinkSync(join(root, 'packages', name), join(scope, name));
  symlinkSync(join(root, 'node_modules', '@opentelemetry'), join(folder, 'node_modules', '@opentelemetry'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const CLI = ['node_modules', '@clew', 'viewer', 'dist', 'cli.js'];

test.each([
  ['redis', 'redis'],
  ['postgresql', 'pg'],
  ['mysql', 'mysql2'],
  ['amqp', 'amqplib'],
])('%s:// without the package %s has an error that explains how to install it', async (scheme, name) => {
  const { code, stderr } = await runProgram([join(folder, ...CLI), 'import', `${scheme}://127.0.0.1:1`], {
    cwd: folder,
  });
  expect([code, stderr]).toEqual([1, `clew: ${scheme}:// needs the package ${name}: npm install ${name}\n`]);
});

describe.each([
  ['redis', redisStorage, ['redis-4.0', 'redis-4', 'redis-5.0', 'redis']],
  ['pg', postgresStorage, ['pg-8.0', 'pg']],
  ['mysql2', mariadbStorage, ['mysql2-3.0', 'mysql2']],
  ['amqplib', rabbitmqStorage, ['amqplib-0.10.0', 'amqplib-1', 'amqplib']],
] as const)('the package %s of the current folder is used', (name, open, versions) => {
  let storage: TestStorage;
  beforeAll(async () => {
    storage = await open();
  }, 120_000);
  afterAll(() => storage.close());

  test.each(versions)('%s', async (version) => {
    const plugin = join(root, 'packages', `instrumentation-${name}`, 'package.json');
    const project = join(folder, version);
    mkdirSync(join(project, 'node_modules'), { recursive: true });
    symlinkSync(dirname(findPackageJSON(version, plugin)!), join(project, 'node_modules', name));
    await storage.write(...failedRequest(version));
    const cli = join(folder, ...CLI);
    const last = name === 'amqplib' ? [] : ['--last', '1'];
    const args = [cli, 'import', ...storage.args, ...last, '--store', join(project, 'traces.db')];
    const { stdout, stderr } = await runProgram(args, { cwd: project });
    expect([stderr, stdout]).toEqual(['', expect.stringContaining('3 spans in 1 trace imported')]);
  });
});

test.each([
  'redis://:secret@127.0.0.1:1',
  'postgresql://u:secret@127.0.0.1:1/db',
  'mysql://u:secret@127.0.0.1:1/db',
])('without a server, %s fails with status 1, and the password is not printed', async (url) => {
  const { code, stdout, stderr } = await clew(['import', url]);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/^clew: \w+:\/\/(u@)?127\.0\.0\.1:1(\/db)?: .*ECONNREFUSED.*\n$/);
  expect(stderr).not.toContain('secret');
});

test('without a broker, amqp:// fails with status 1', async () => {
  const { code, stderr } = await clew(['import', 'amqp://u:secret@127.0.0.1:1']);
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(/^clew: amqp:\/\/u@127\.0\.0\.1:1: .*ECONNREFUSED/),
  ]);
});

test.each([
  [['ftp://x'], 'expected redis://, postgresql://, mysql:// or amqp://, got "ftp://"'],
  [['redis://x:y:z'], 'expected a URL such as redis://host:1234/name'],
  [['redis://x', 'a', 'b'], 'unexpected argument "b"'],
  [['redis://x', ''], 'expected a base id of 1 to 255 characters, got 0'],
  [['redis://x', 'a', '--last', '5'], 'a base id excludes --last'],
  [['redis://x', '--last', '0'], 'expected a whole number in [1, 1000] in --last, got "0"'],
  [['redis://x', '--queue', 'q'], '--queue and --exchange belong to amqp://'],
  [['redis://x', '--to', 'a', '--store', 'b'], '--to and --store exclude each other'],
  [['a.json', '--follow'], '--follow belongs to the URL of a storage'],
])('%j is rejected', async (args, message) => {
  expect(await clew(['import', ...args])).toMatchObject({
    code: 2,
    stdout: '',
    stderr: `clew: ${message} (see clew --help)\n`,
  });
});
