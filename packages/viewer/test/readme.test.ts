import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const folder = join(__dirname, '..');
const readme = readFileSync(join(folder, 'README.md'), 'utf8');

function block(language: string): string {
  const [, code] = new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 's').exec(readme) ?? [];
  if (code === undefined) throw new Error(`no ${language} block in README.md`);
  return code;
}

test('the waterfall in the README matches the current output', () => {
  const drawn = readFileSync(join(__dirname, 'golden', 'order-80.txt'), 'utf8');
  expect(block('console')).toBe(`$ clew show --last 1\n${drawn}`);
});

test('the example in the README runs', async () => {
  const args = ['--input-type=module', '--eval', block('js')];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder });
  expect(stdout).toMatch(/^GET \/basket 2\.5\n/);
  expect(stdout).toContain('█ shop');
});

test('the README documents every option of the command', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'dist', 'cli.js'), '--help']);
  const options = new Set(stdout.match(/--[a-z-]+/g));
  expect(options.size).toBeGreaterThan(15);
  expect([...options].filter((option) => !readme.includes(option))).toEqual([]);
});
