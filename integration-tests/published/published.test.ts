import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cleanEnvironment } from '../run-program.ts';

const root = join(__dirname, '..', '..');
const TIMEOUT_MS = 120_000;

/** A false positive: `clew create-plugin` copies this template before it is used. */
const FALSE_POSITIVE = /^@clew\/viewer: \.\/plugin-templates\/common\/package\.json has an "exports" field/;

test(
  'publint and "are the types wrong?" find no problem in the tarballs',
  async () => {
    const folders = globSync('packages/*', { cwd: root }).map((folder) => `./${folder}`);
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [join(__dirname, 'check-packages.mjs'), ...folders],
      { cwd: root, env: cleanEnvironment() },
    );
    const problems = stdout.split('\n').filter((line) => line !== '' && !FALSE_POSITIVE.test(line));
    expect(problems).toEqual([]);
  },
  TIMEOUT_MS,
);
