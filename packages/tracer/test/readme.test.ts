import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startCollector } from './collector.ts';

const folder = join(__dirname, '..');

test('the example of the README exports its span', async () => {
  const collector = await startCollector();
  const [, example] = /```js\n(.*?)```/s.exec(readFileSync(join(folder, 'README.md'), 'utf8'))!;
  const program = example!.replace('http://localhost:4318/v1/traces', collector.url);
  expect(program).toContain(collector.url);
  const run = promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: folder,
  });
  expect(await run).toEqual({ stdout: '1\n', stderr: '' });
  expect(collector.spans()).toMatchObject([{ name: 'checkout', events: [{ name: 'paid' }] }]);
  await collector.close();
});
