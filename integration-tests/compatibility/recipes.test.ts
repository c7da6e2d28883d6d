import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from '../run-program.ts';
import { traced } from './service-process.ts';

const root = join(__dirname, '..', '..');
const docs = readFileSync(join(root, 'docs', 'compatibility.md'), 'utf8');
const recipes = docs.split(/^## /m).flatMap((section) => {
  const [title = ''] = section.split('\n');
  return [...section.matchAll(/^```js\n(.*?)^```/gms)].map(([, code = '']) => ({ title, code }));
});

test('there are two recipes in docs/compatibility.md', () => {
  expect(recipes).toHaveLength(2);
});

test.each(recipes)('the recipe “$title” runs', async ({ title, code }) => {
  expect(code).toContain('assert');
  const folder = join(root, '.cache', 'recipes');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${title.replaceAll(' ', '-')}.mjs`);
  writeFileSync(file, code);
  const ended = await runProgram(traced(file), {
    cwd: __dirname,
    variables: { OTEL_TRACES_EXPORTER: 'none', NODE_NO_WARNINGS: '1' },
  });
  rmSync(file);
  expect(ended).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
});

test('this repository installs the shim with the override of the page', () => {
  const [, json = ''] = /^```json\n(.*?)^```/ms.exec(docs) ?? [];
  const { overrides } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  expect(JSON.parse(json)).toEqual({ overrides });
});
