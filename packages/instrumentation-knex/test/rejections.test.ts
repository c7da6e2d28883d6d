import { execFile } from 'node:child_process';
import { join } from 'node:path';

const PROGRAM = join(__dirname, 'programs', 'acquire.mjs');

function run(...args: string[]): Promise<object> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--no-deprecation', PROGRAM, ...args], (error, stdout, stderr) => {
      // While an AsyncLocalStorage is in use, the stacks of Node 22 have one more frame of Node itself.
      const printed = stdout.replaceAll(/^ +at .*\(node:internal\/async_hooks:.*\n/gm, '');
      resolve({ code: error?.code ?? 0, stdout: printed, error: /^\w*Error.*$/m.exec(stderr)?.[0] });
    });
  });
}

test('a connection that cannot be acquired rejects as in the untraced application', async () => {
  expect(await run('traced', 'ignored')).toEqual(await run('bare', 'ignored'));
  expect(await run('traced', 'ignored')).toMatchObject({ code: 1 });
  expect(await run('traced', 'caught')).toEqual(await run('bare', 'caught'));
  expect(await run('traced', 'caught')).toMatchObject({ code: 0 });
});
