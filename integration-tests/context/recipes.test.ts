import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(__dirname, '..', '..');
const folder = join(root, '.cache', 'recipes');
const docs = readFileSync(join(root, 'docs', 'context.md'), 'utf8');
const recipes = docs.split(/^### /m).flatMap((section) => {
  const [title = ''] = section.split('\n');
  return [...section.matchAll(/```js\n(.*?)```/gs)].map(([, code = '']) => ({ title, code }));
});

beforeAll(() => {
  mkdirSync(folder, { recursive: true });
});

test('finds the recipes in docs/context.md', () => {
  expect(recipes.length).toBeGreaterThan(6);
});

test.each(recipes)('the recipe “$title” runs', async ({ code }) => {
  expect(code).toContain('assert');
  const file = join(folder, `${recipes.findIndex((recipe) => recipe.code === code)}.mjs`);
  writeFileSync(file, code);
  const args = ['--import', './preload.mjs', file];
  await expect(promisify(execFile)(process.execPath, args, { cwd: __dirname })).resolves.toBeDefined();
});
