import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from '../run-program.ts';

const root = join(__dirname, '..', '..');
const PRINT_FILES = 'console.log(JSON.stringify(Object.keys(require.cache)))';

/** Code that most applications never use, each with a pattern that finds it in the build. */
const RARE = {
  'strict mode': /\bStrictContextManager\s*=\s*class\b/,
  'comments in SQL': /\bfunction parseSqlComment\(/,
  'the template for databases': /\bfunction startQuery\(/,
  'the template for messages': /\bfunction messaging\(/,
};

test('the preload loads no code that few applications use', async () => {
  expect(await rareCodeLoadedBy(PRINT_FILES)).toEqual([]);
});

test('binding a context loads no more code', async () => {
  const bind =
    "require('@opentelemetry/api').context.bind({}, () => {}); require('@clew/core').bind(() => {});";
  const count = (source: string) =>
    filesLoadedBy(`require('@clew/core'); ${source} ${PRINT_FILES}`).then(({ length }) => length);
  expect(await count(bind)).toBe(await count(''));
});

test('strict mode is loaded when it is enabled', async () => {
  expect(await rareCodeLoadedBy(PRINT_FILES, { CLEW_CONTEXT_STRICT: 'true' })).toEqual(['strict mode']);
});

test('comments in SQL are loaded on first use', async () => {
  const use = `require('@clew/core').carriers.appendSqlComment('SELECT 1', {}); ${PRINT_FILES}`;
  expect(await rareCodeLoadedBy(use)).toEqual(['comments in SQL']);
});

test('the templates are loaded with @clew/core/plugin', async () => {
  expect(await rareCodeLoadedBy(`require('@clew/core/plugin'); ${PRINT_FILES}`)).toEqual([
    'the template for databases',
    'the template for messages',
  ]);
});

describe('the hooks of ES modules', () => {
  const loadsHooks = (source: string) =>
    filesLoadedBy(source, {}, join(root, 'integration-tests')).then((files) =>
      files.some((file) => file.endsWith('create-hook.mjs')),
    );

  test('are not loaded for an ES module in a package of a CommonJS application', async () => {
    expect(await loadsHooks(`require('express'); ${PRINT_FILES}`)).toBe(false);
  });

  test('are not loaded for an import of a module that no plugin traces', async () => {
    expect(await loadsHooks(`import('node:path').then(() => ${PRINT_FILES})`)).toBe(false);
  });

  test.each(['express', 'http', 'node:http'])('are loaded for an import of %s', async (name) => {
    expect(await loadsHooks(`import('${name}').then(() => ${PRINT_FILES})`)).toBe(true);
  });
});

async function rareCodeLoadedBy(source: string, variables: Record<string, string> = {}): Promise<string[]> {
  const texts = (await filesLoadedBy(source, variables)).map((file) => readFileSync(file, 'utf8'));
  return Object.entries(RARE)
    .filter(([, code]) => texts.some((text) => code.test(text)))
    .map(([name]) => name);
}

async function filesLoadedBy(
  source: string,
  variables: Record<string, string> = {},
  cwd = join(root, 'packages', 'node'),
): Promise<string[]> {
  const { stdout } = await runProgram(['--require', '@clew/node/register', '--eval', source], {
    cwd,
    variables: { OTEL_TRACES_EXPORTER: 'none', ...variables },
  });
  return JSON.parse(stdout);
}
