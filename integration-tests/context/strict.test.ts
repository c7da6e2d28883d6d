import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

test('strict mode reports only the faults of the application, not traced HTTP', async () => {
  const program = join(__dirname, 'strict-server.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [program]);
  const { spans, found, faults } = JSON.parse(stdout) as Record<string, unknown>;
  expect(found).toEqual([]);
  expect(faults).toEqual([
    'ended-twice: strict context: the span "twice" was ended a second time',
    'never-ended: strict context: the span "never" was never ended',
  ]);
  expect(spans).toBeGreaterThanOrEqual(60);
});
