import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const folder = join(__dirname, '..');

test('the example of the README has the output that the README shows', async () => {
  const readme = readFileSync(join(folder, 'README.md'), 'utf8');
  const [, example] = /```js\n(.*?)```/s.exec(readme) ?? [];
  const [, outcome] = /```text\n(.*?)\n```/.exec(readme) ?? [];
  const program = ['--input-type=module', '--eval', example ?? ''];
  const output = await promisify(execFile)(process.execPath, program, { cwd: folder });
  expect(output).toEqual({ stdout: `${outcome}\n`, stderr: '' });
});
