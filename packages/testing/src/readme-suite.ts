import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exportedSpans } from './exported-spans.ts';
import { runTests } from './suite.ts';

/**
 * Runs the first `js` example of a package's README in its own process, with the built packages, and checks that it
 * prints nothing and exports the spans that the README names.
 *
 * @example
 * readmeSuite(join(import.meta.dirname, '..'), ['GET /songs/:id']);
 */
export function readmeSuite(folder: string, expected: readonly string[]): void {
  runTests('the README', {
    'has an example that exports the spans it names': async () => {
      const [, example] = /```js\n(.*?)```/s.exec(readFileSync(join(folder, 'README.md'), 'utf8')) ?? [];
      assert(example !== undefined, 'expected a `js` example in the README');
      const { output, spanNames } = await exportedSpans(folder, ['--input-type=module', '--eval', example]);
      assert.equal(output, '');
      for (const name of expected)
        assert(spanNames.includes(name), `expected "${name}" in ${spanNames.join(', ')}`);
    },
  });
}
