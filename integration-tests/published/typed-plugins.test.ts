import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { npm, packPackages } from '../packed-packages.ts';
import { runProgram } from '../run-program.ts';

// Compiles the code of users with the declarations of packed packages, in a folder outside this repository.

const TIMEOUT_MS = 300_000;
const TYPESCRIPT = join(__dirname, '..', '..', 'node_modules', 'typescript', 'bin', 'tsc');
const QUEUE_PLUGIN = '@acme/clew-plugin-queue';
/** With the extensions of the files to compile. */
const RESOLUTIONS = [
  ['node16', 'mts'],
  ['node16', 'cts'],
  ['bundler', 'ts'],
] as const;

type Resolution = (typeof RESOLUTIONS)[number][0];

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'clew-types-'));
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  const wanted = ['node', 'instrumentation-express', 'instrumentation-http', 'viewer'];
  await npm(folder, 'install', ...(await packPackages(folder, wanted)), '@types/node@22');
}, TIMEOUT_MS);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A program of `types`. */
function program(name: string): string {
  return readFileSync(join(__dirname, 'types', `${name}.ts`), 'utf8');
}

/** Compiles without `skipLibCheck`: the declarations of the packages must have no errors either. Returns the errors. */
async function compile(
  moduleResolution: Resolution,
  files: Readonly<Record<string, string>>,
  cwd = folder,
): Promise<string[]> {
  const project = mkdtempSync(join(cwd, 'project-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(project, name), text);
  const compilerOptions = {
    module: moduleResolution === 'bundler' ? 'esnext' : moduleResolution,
    moduleResolution,
    strict: true,
    exactOptionalPropertyTypes: true,
    target: 'es2022',
    lib: ['es2024', 'esnext.disposable'],
    types: ['node'],
    noEmit: true,
  };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
  const { stdout } = await runProgram([TYPESCRIPT, '-p', project, '--pretty', 'false']);
  return stdout.split('\n').filter((line) => line !== '');
}

describe.each(RESOLUTIONS)('with moduleResolution %s, in a file .%s', (resolution, extension) => {
  test('plugins that are installed are typed, and nothing imports them', async () => {
    expect(await compile(resolution, { [`typed.${extension}`]: program('typed') })).toEqual([]);
  });

  test('a plugin without types is declared by the user', async () => {
    expect(await compile(resolution, { [`untyped.${extension}`]: program('untyped') })).toEqual([]);
  });
});

test('a program of ES modules and CommonJS has one set of plugins', async () => {
  const files = { 'a.mts': program('typed'), 'b.cts': program('typed') };
  expect(await compile('node16', files)).toEqual([]);
});

test('without installed plugins, every name compiles', async () => {
  const project = mkdtempSync(join(tmpdir(), 'clew-types-'));
  try {
    cpSync(join(folder, 'node_modules'), join(project, 'node_modules'), { recursive: true });
    for (const plugin of globSync('node_modules/@clew/instrumentation-*', { cwd: project }))
      rmSync(join(project, plugin), { recursive: true });
    for (const [resolution, extension] of RESOLUTIONS)
      expect(await compile(resolution, { [`main.${extension}`]: program('no-plugins') }, project)).toEqual(
        [],
      );
  } finally {
    rmSync(project, { recursive: true, force: true });
  }
});

test('the compiler shows the right name', async () => {
  const code = "import { init } from '@clew/node';\ninit({ plugins: { expres: false } });\n";
  const errors = await compile('node16', { 'main.mts': code });
  expect(errors).toEqual([
    expect.stringMatching(/'expres' does not exist .* Did you mean to write 'express'\?$/),
  ]);
});

describe('plugins of other publishers', () => {
  beforeAll(async () => {
    const modules = join(folder, 'node_modules');
    const cli = join(modules, '@clew', 'viewer', 'dist', 'cli.js');
    expect(await runProgram([cli, 'create-plugin', 'tinydb'], { cwd: modules })).toMatchObject({ code: 0 });
    const sdk = await runProgram([cli, 'create-plugin', 'mail', '--template', 'client'], { cwd: modules });
    expect(sdk).toMatchObject({ code: 0 });
    installQueuePlugin(join(modules, QUEUE_PLUGIN));
  });

  test.each(RESOLUTIONS)(
    'are typed where the application imports them: %s, .%s',
    async (resolution, extension) => {
      // With node16, a CommonJS file cannot import the types of an ES module.
      const text = program('third-party').replaceAll(
        /^import type \{\} from '(clew-.*)';$/gm,
        extension === 'cts' ? "import type {} from '$1' with { 'resolution-mode': 'import' };" : '$&',
      );
      expect(await compile(resolution, { [`main.${extension}`]: text })).toEqual([]);
    },
  );
});

/** A package that is only CommonJS, as many are. */
function installQueuePlugin(path: string): void {
  mkdirSync(path, { recursive: true });
  const manifest = { name: QUEUE_PLUGIN, version: '1.0.0', main: 'index.js', types: 'index.d.ts' };
  writeFileSync(join(path, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(path, 'index.js'), '');
  const declarations = `import type { InstrumentationClass, OptionKind } from '@clew/core/plugin';

export declare const QueueInstrumentation: InstrumentationClass<{ readonly depth: OptionKind<number> }>;

declare module '@clew/core/plugin-classes' {
  interface PluginClasses {
    '${QUEUE_PLUGIN}': typeof QueueInstrumentation;
  }
}
`;
  writeFileSync(join(path, 'index.d.ts'), declarations);
}
