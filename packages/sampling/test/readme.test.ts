import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PolicySampler } from '../src/index.ts';
import { LIMITS } from '../src/limits.ts';

const folder = join(__dirname, '..');
const readme = readFileSync(join(folder, 'README.md'), 'utf8');

test('the example of the README runs, and its process exits', async () => {
  const [, example = ''] = /```js\n(.*?)```/s.exec(readme) ?? [];
  const run = promisify(execFile)(process.execPath, ['--input-type=module', '--eval', example], {
    cwd: folder,
  });
  expect(await run).toEqual({
    stdout: 'false\n{ matched: 1, kept: 0, dropped: 1, keptLate: 0 }\n',
    stderr: '',
  });
});

test('the README names the bounds of the code', () => {
  const { document, policies, regularExpressions, text, aliases, depth } = LIMITS;
  expect(document).toBe(1024 * 1024);
  const numbers = [policies, regularExpressions, text].map((each) => each.toLocaleString('en'));
  const bounds = `1 MiB of text, ${numbers[0]} policies, ${numbers[1]} regular expressions, ${numbers[2]} characters a text; in YAML, ${aliases} aliases and ${depth} levels of brackets`;
  expect(readme.replaceAll(/\s+/g, ' ')).toContain(bounds);
});

test('the README has every option', () => {
  const keys = /only the keys (.*), got/.exec(
    messageOf(() => new PolicySampler({ unknown: 1 } as never)),
  )?.[1];
  for (const key of keys?.split(', ') ?? ['no keys']) expect(readme).toContain(`| \`${key}\` `);
});

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing is thrown';
}
