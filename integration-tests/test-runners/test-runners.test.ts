import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { npm, packPackages } from '../packed-packages.ts';
import { type Ended, runProgram } from '../run-program.ts';

// A user's project, in a folder outside this repository, whose tests trace its application.

const TIMEOUT_MS = 300_000;
const PACKAGES = ['node', 'testing', 'instrumentation-http', 'instrumentation-express'];
const JEST = join('node_modules', 'jest', 'bin', 'jest.js');
const VITEST = join('node_modules', 'vitest', 'vitest.mjs');
const JEST_LINE =
  'clew warn: @clew/node: Jest loads modules without module hooks: only Node’s own modules and those that you ' +
  'pass to a plugin’s instrument() are traced (see the README of @clew/testing)';

/** The summary of Jest when all tests passed. The suite skips the checks of a pool, because the toy driver has none. */
const ALL_PASSED = /Tests: +10 skipped, [2-9]\d passed, [3-9]\d total/;

let project: string;

beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), 'clew-test-runners-'));
  writeFileSync(join(project, 'package.json'), '{ "private": true }\n');
  for (const folder of ['commonjs', 'esm', 'toy', 'vitest'])
    cpSync(join(__dirname, folder), join(project, folder), { recursive: true });
  const tarballs = await packPackages(project, PACKAGES);
  await npm(project, 'install', ...tarballs, 'express@5.3.0', 'jest@30.5.2', 'vitest@5.1.1');
}, TIMEOUT_MS);
afterAll(() => rmSync(project, { recursive: true, force: true }));

function run(...args: string[]): Promise<Ended> {
  return runProgram(args, { cwd: project, variables: { NO_COLOR: '1' } });
}

const linesOf = ({ stderr }: Ended) => stderr.split('\n').filter((line) => line.startsWith('clew '));

test(
  'Jest runs CommonJS tests, several files in one process',
  async () => {
    const ended = await run(JEST, '--runInBand', 'commonjs');
    expect(ended.stderr).toMatch(ALL_PASSED);
    expect(ended.code).toBe(0);
    expect(linesOf(ended)).toEqual([JEST_LINE, JEST_LINE]);
  },
  TIMEOUT_MS,
);

test(
  'Jest runs ES modules',
  async () => {
    const match = ['--testMatch', '**/esm/*.test.mjs'];
    const ended = await run('--no-warnings', '--experimental-vm-modules', JEST, '--runInBand', ...match);
    expect(ended.stderr).toMatch(ALL_PASSED);
    expect(ended.code).toBe(0);
    expect(linesOf(ended)).toEqual([JEST_LINE]);
  },
  TIMEOUT_MS,
);

test(
  'Vitest runs tests of packages that Node loads',
  async () => {
    const ended = await run(VITEST, 'run', '--globals', 'esm', 'vitest');
    // One more test is skipped if Vitest's modules can't be hooked.
    expect(ended.stdout).toMatch(/Tests +[2-9]\d passed \| 1[01] skipped \([3-9]\d\)/);
    expect(ended.code).toBe(0);
    expect(linesOf(ended)).toEqual([]);
  },
  TIMEOUT_MS,
);

test.each(['commonjs/suite.test.js', 'esm/suite.test.mjs'])('node:test runs a suite: %s', async (file) => {
  const ended = await run('--no-warnings', '--test', '--test-reporter=spec', file);
  expect(ended.stdout).toMatch(/pass [1-9]\d\n.*fail 0\n/);
  expect(ended.code).toBe(0);
});

test(
  'Vitest without its globals fails with a message that explains what to change',
  async () => {
    const ended = await run(VITEST, 'run', 'esm/suite');
    expect(ended.stdout + ended.stderr).toContain(
      'Error: @clew/testing: expected the globals of Vitest: set `test: { globals: true }`',
    );
    expect(ended.code).toBe(1);
  },
  TIMEOUT_MS,
);

test('Jest without its globals fails with a message that explains what to change', async () => {
  const ended = await run(JEST, '--injectGlobals=false', 'commonjs/suite');
  expect(ended.stderr).toContain(
    '@clew/testing: expected the globals of Jest: remove `injectGlobals: false`',
  );
  expect(ended.code).toBe(1);
});
