import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

test.each(['require', 'import'])(
  'packages that npm installed under an alias are traced (%s)',
  async (way) => {
    const program = join(__dirname, 'programs', 'aliases.mjs');
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [program, way]);
    expect([JSON.parse(stdout), stderr]).toEqual([['GET', 'GET /orders/:id'], '']);
  },
);
