import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Collector, startCollector } from '@clew/viewer';
import { npm, packPackages } from '../packed-packages.ts';
import { type Ended, runProgram } from '../run-program.ts';
import { spansOf, treeOf } from '../span-tree.ts';

// Follows the steps of a plugin author with packed packages, in a folder outside this repository.

const TIMEOUT_MS = 300_000;
const PLUGIN = 'clew-instrumentation-tinydb';

let folder: string;
let viewer: string[];
let tarballs: string[];
let created: Ended;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'clew-create-plugin-'));
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  viewer = await packPackages(folder, ['viewer']);
  tarballs = await packPackages(folder, ['node', 'testing']);
  await npm(folder, 'install', ...viewer);
  created = await clew('create-plugin', 'tinydb');
  await npm(join(folder, PLUGIN), 'install', ...tarballs);
}, TIMEOUT_MS);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function clew(...args: string[]): Promise<Ended> {
  return runProgram([join(folder, 'node_modules', '@clew', 'viewer', 'dist', 'cli.js'), ...args], {
    cwd: folder,
  });
}

/** Runs the tests of the plugin, as `npm test` does. */
function testPlugin(cwd = join(folder, PLUGIN)): Promise<Ended> {
  return runProgram(['--test', '--test-reporter=spec'], { cwd });
}

test('clew create-plugin creates a folder and prints the next steps', () => {
  expect(created).toEqual({
    code: 0,
    signal: null,
    stdout:
      `created ${PLUGIN}\n\n  cd ${PLUGIN}\n  npm install\n  npm test\n\n` +
      'Its README.md lists the steps from the example to a plugin for tinydb.\n',
    stderr: '',
  });
  expect(readFileSync(join(folder, PLUGIN, '.gitignore'), 'utf8')).toBe('node_modules/\n');
  const { scripts } = JSON.parse(readFileSync(join(folder, PLUGIN, 'package.json'), 'utf8'));
  expect(scripts).toEqual({ test: 'node --test' });
});

test('the tests of the created plugin pass', async () => {
  const { code, stdout } = await testPlugin();
  expect(stdout).toMatch(/pass [2-9]\d\n.*fail 0\n/);
  expect(code).toBe(0);
});

test('the tests of the created plugin fail when it loses the context of a callback', async () => {
  const source = join(folder, PLUGIN, 'src', 'index.js');
  const right = readFileSync(source, 'utf8');
  const wrong = right.replace(
    'operation.callback(callback)',
    '(error, rows) => {\n operation.end();\n callback(error, rows);\n }',
  );
  expect(wrong).not.toBe(right);
  writeFileSync(source, wrong);
  const { code, stdout } = await testPlugin();
  writeFileSync(source, right);
  expect(stdout).toContain('✖ a callback runs in the context of its caller');
  expect(code).toBe(1);
});

describe('an application that depends on the created plugin', () => {
  let collector: Collector;
  let application: string;

  beforeAll(async () => {
    collector = await startCollector({ port: 0 });
    application = join(folder, 'application');
    mkdirSync(application);
    await npm(application, 'pack', '--silent', join(folder, PLUGIN), join(folder, PLUGIN, 'example-library'));
    writeFileSync(join(application, 'package.json'), '{ "private": true }\n');
    const own = globSync('*.tgz', { cwd: application }).map((file) => join(application, file));
    await npm(application, 'install', ...own, ...tarballs, ...viewer);
    const call = "new Connection().query('SELECT 1');\n";
    writeFileSync(join(application, 'main.cjs'), `const { Connection } = require('tinydb');\n${call}`);
    writeFileSync(join(application, 'main.mjs'), `import { Connection } from 'tinydb';\n${call}`);
  }, TIMEOUT_MS);
  afterAll(() => collector.close());

  test.each(['main.cjs', 'main.mjs'])('is traced: %s', async (file) => {
    const ended = await runProgram(['--import', '@clew/node/register', file], {
      cwd: application,
      variables: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_SERVICE_NAME: file },
    });
    expect(ended).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
    expect(treeOf(spansOf(collector, file))).toEqual(['CLIENT SELECT']);
  });
});

test('clew create-plugin does not change an existing folder', async () => {
  writeFileSync(join(folder, 'clew-instrumentation-taken'), '');
  for (const [name, existing] of [
    ['tinydb', PLUGIN],
    ['taken', 'clew-instrumentation-taken'],
  ] as const)
    expect(await clew('create-plugin', name)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: `clew: ${existing} already exists\n`,
    });
});

test('clew create-plugin accepts library names with a scope, dots and hyphens', async () => {
  expect(await clew('create-plugin', '@acme/tiny-db.js')).toMatchObject({ code: 0, stderr: '' });
  const read = (file: string) =>
    readFileSync(join(folder, 'clew-instrumentation-acme-tiny-db.js', file), 'utf8');
  const manifest = JSON.parse(read('package.json'));
  expect(manifest.name).toBe('clew-instrumentation-acme-tiny-db.js');
  expect(manifest.clew).toEqual({
    class: 'AcmeTinyDbJsInstrumentation',
    targets: [{ module: '@acme/tiny-db.js', versions: ['>=1 <2'] }],
  });
  expect(read('test/plugin.test.js')).toContain("import library from '@acme/tiny-db.js';");
  expect(read('README.md')).toContain('`CLEW_ACME_TINY_DB_JS_MAX_QUERY_LENGTH=200`');
});

describe('a plugin for the client of an SDK', () => {
  const plugin = () => join(folder, 'clew-instrumentation-songcloud');
  const source = () => join(plugin(), 'src', 'index.js');
  let right: string;

  beforeAll(async () => {
    await clew('create-plugin', 'songcloud', '--template', 'client');
    await npm(plugin(), 'install', ...tarballs);
    right = readFileSync(source(), 'utf8');
  }, TIMEOUT_MS);
  afterEach(() => writeFileSync(source(), right));

  test('passes its tests, in at most 40 lines', async () => {
    const { code, stdout } = await testPlugin(plugin());
    expect(stdout).toMatch(/pass [2-9]\d\n.*fail 0\n/);
    expect(code).toBe(0);
    expect(right.split('\n').length).toBeLessThanOrEqual(40);
  });

  test.each([
    [
      'the context of a queue',
      /^ {2}client\.bindJobs.*\n/m,
      'concurrent calls belong to their own callers, and so do their requests',
    ],
    ['retries', /^ {2}client\.traceRetries.*\n/m, 'a call that is retried is one span'],
    ['the end of a stream', /^ {4}stream: .*\n/m, 'the span of a stream ends with the stream'],
  ])('fails its tests without %s', async (_name, line, title) => {
    const wrong = right.replace(line, '');
    expect(wrong).not.toBe(right);
    writeFileSync(source(), wrong);
    const { code, stdout } = await testPlugin(plugin());
    expect(stdout).toContain(`✖ ${title}`);
    expect(code).toBe(1);
  });
});
