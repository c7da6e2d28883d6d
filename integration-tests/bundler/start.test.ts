import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../run-program.ts';
import { BUNDLERS, type Build, bundle } from './bundle.ts';
import { linesOf, type TracedRun, tracedRun } from './traced-run.ts';

const TREE = ['CLIENT GET', '  SERVER GET /songs/:id'];
const STDOUT = 'song 7\n';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clew-bundler-start-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Bundles a program and returns the path of the bundle. */
async function built(build: Omit<Build, 'file'>, name: string): Promise<string> {
  const file = join(folder, name);
  expect(await bundle({ ...build, file })).toMatchObject({ code: 0, stderr: '' });
  return file;
}

function run(file: string, ...flags: readonly string[]): Promise<TracedRun> {
  return tracedRun([...flags, file], folder, {});
}

describe.each(BUNDLERS)('%s', (bundler) => {
  test.each(['mjs', 'cjs'])(
    'init() in the application traces what has been evaluated before (%s)',
    async (extension) => {
      const plugin = { start: 'application' };
      const file = await built(
        { bundler, program: 'initialized.mjs', plugin },
        `${bundler}-init.${extension}`,
      );
      const { traces, ...ended } = await run(file);
      expect(ended).toEqual({ code: 0, signal: null, stdout: STDOUT, stderr: '' });
      expect(linesOf(traces)).toEqual(TREE);
      expect(traces).toMatchObject([{ children: [{ attributes: { hooked: true } }] }]);
    },
    120_000,
  );
});

test('instances that the application passes to init() trace the built-in modules', async () => {
  const plugin = { start: 'application' };
  const file = await built({ bundler: 'esbuild', program: 'instances.mjs', plugin }, 'instances.mjs');
  const { traces, ...ended } = await run(file);
  expect(ended).toEqual({ code: 0, signal: null, stdout: STDOUT, stderr: '' });
  expect(linesOf(traces)).toEqual(TREE);
  expect(traces).toMatchObject([{ children: [{ attributes: { hooked: true } }] }]);
});

test('a preload traces the libraries in a bundle that does not contain Clew', async () => {
  const plugin = { start: 'preload' };
  const file = await built({ bundler: 'esbuild', program: 'small.mjs', plugin }, 'preloaded.cjs');
  const untraced = await run(file);
  expect(untraced).toMatchObject({ code: 0, stdout: STDOUT, stderr: '', traces: [] });
  const traced = await run(file, '--import', require.resolve('@clew/node/register'));
  expect(traced).toMatchObject({ code: 0, stdout: STDOUT, stderr: '' });
  expect(linesOf(traced.traces)).toEqual(TREE);
});

test('a preload and a bundle that contains Clew trace each request once', async () => {
  const file = await built({ bundler: 'esbuild', program: 'small.mjs' }, 'twice.cjs');
  const traced = await run(file, '--import', require.resolve('@clew/node/register'));
  expect(traced).toMatchObject({ code: 0, stdout: STDOUT, stderr: '' });
  expect(linesOf(traced.traces)).toEqual(TREE);
});

test('clew doctor does not miss an installation of @clew/node if the bundle contains it', async () => {
  const file = await built({ bundler: 'esbuild', program: 'small.mjs' }, 'examined.cjs');
  const doctor = join(__dirname, '..', '..', 'packages', 'viewer', 'dist', 'cli.js');
  const { stdout } = await runProgram([doctor, 'doctor', '--json', '--', process.execPath, file], {
    cwd: folder,
  });
  const { problems, libraries } = JSON.parse(stdout) as Record<string, { id?: string; name?: string }[]>;
  expect(libraries).toContainEqual(expect.objectContaining({ name: 'http', state: 'traced' }));
  expect(problems).not.toContainEqual(expect.objectContaining({ id: 'node-missing' }));
});

test('a policy from the environment variables is applied in a bundle', async () => {
  const file = await built({ bundler: 'esbuild', program: 'small.mjs' }, 'sampled.cjs');
  await writeFile(
    join(folder, 'policies.yaml'),
    'policies: [{ id: songs, match: {}, keep: { never: true } }]',
  );
  const { traces, ...ended } = await tracedRun([file], folder, { CLEW_SAMPLING_FILE: 'policies.yaml' });
  expect(ended).toEqual({ code: 0, signal: null, stdout: STDOUT, stderr: '' });
  expect(traces).toEqual([]);
});

test.each([['mjs'], ['cjs']])(
  'a bundle that is built without the plugin logs a warning (%s)',
  async (extension) => {
    const build = { bundler: 'webpack', program: 'unwired.mjs', plugin: false } as const;
    const file = await built(build, `unwired.${extension}`);
    const { stdout, stderr, code } = await run(file);
    expect({ stdout, code }).toEqual({ stdout: STDOUT, code: 0 });
    expect(stderr).toMatch(
      /^clew warn: @clew\/node: the application is bundled without @clew\/bundler: .*\n$/,
    );
  },
);
