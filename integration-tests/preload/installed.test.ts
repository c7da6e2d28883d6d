import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Collector, startCollector } from '@clew/viewer';
import { npm, packPackages } from '../packed-packages.ts';
import { runProgram } from '../run-program.ts';
import { spansOf, treeOf } from '../span-tree.ts';

// Installs packed packages as a user does, in a project outside this repository.

const TIMEOUT_MS = 300_000;
const PACKAGES = [
  'node',
  ...['http', 'express', 'koa', 'knex', 'undici'].map((name) => `instrumentation-${name}`),
];
const LIBRARIES = ['express@5', 'koa@3', '@koa/router@15', 'knex@3'];

let collector: Collector;
let project: string;
let installed: { packages: number; bytes: number; files: string[] };

beforeAll(async () => {
  collector = await startCollector({ port: 0 });
  project = mkdtempSync(join(tmpdir(), 'clew-installed-'));
  writeFileSync(join(project, 'package.json'), '{ "private": true }\n');
  await npm(project, 'install', ...(await packPackages(project, PACKAGES)));
  installed = {
    packages: (await npm(project, 'ls', '--all', '--parseable')).trim().split('\n').length - 1,
    bytes: bytesUnder(join(project, 'node_modules')),
    files: filesUnder(join(project, 'node_modules', '@clew')),
  };
  await npm(project, 'install', ...LIBRARIES);
  cpSync(join(__dirname, 'programs'), join(project, 'programs'), { recursive: true });
}, TIMEOUT_MS);
afterAll(async () => {
  await collector.close();
  rmSync(project, { recursive: true, force: true });
});

function filesUnder(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

function bytesUnder(folder: string): number {
  return filesUnder(folder).reduce((sum, file) => sum + statSync(file).size, 0);
}

test.each([
  ['--import', 'chain.cjs'],
  ['--import', 'chain.mjs'],
  ['--require', 'chain.cjs'],
])('%s @clew/node/register traces %s', async (flag, program) => {
  const service = `${flag} ${program}`;
  const ended = await runProgram([flag, '@clew/node/register', join('programs', program)], {
    cwd: project,
    variables: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_SERVICE_NAME: service,
      NODE_NO_WARNINGS: '1',
    },
  });
  expect(ended).toEqual({ code: 0, signal: null, stdout: '{"pieces":7}', stderr: '' });
  expect(treeOf(spansOf(collector, service))).toEqual([
    'CLIENT GET',
    '  SERVER GET /orders/:id',
    '    CLIENT GET',
    '      SERVER GET /stock/:id',
    '        CLIENT SELECT',
  ]);
});

test('installs at most 20 packages and 10 MB: nine of Clew, two for policies, and those of the module hooks', () => {
  expect(installed.packages).toBeLessThanOrEqual(20);
  expect(installed.bytes).toBeLessThan(10_000_000);
});

test('packages contain only code, declarations, a README, the licence and data that they document', () => {
  const allowed =
    /(dist[\\/][\w-]+\.(c?js|d\.c?ts)|(package|policies\.schema|conformance[\\/][\w-]+)\.json|README\.md|LICENSE|docs?[\\/].*)$/;
  expect(installed.files.length).toBeGreaterThan(0);
  expect(installed.files.filter((file) => !allowed.test(file))).toEqual([]);
  const manifests = installed.files.filter((file) => file.endsWith('package.json'));
  expect(manifests.length).toBeGreaterThan(PACKAGES.length);
  expect(installed.files.filter((file) => file.endsWith('LICENSE'))).toHaveLength(manifests.length);
});

test('no packed file refers to a source map', () => {
  const files = installed.files.filter((file) => /\.(c?js|c?ts)$/.test(file));
  expect(files.filter((file) => readFileSync(file, 'utf8').includes('sourceMappingURL'))).toEqual([]);
});
