import { inParallel, nodeBinaries, runProgram } from '../run-program.ts';

/** Includes the download of a Node version. */
const TIMEOUT_MS = 300_000;
const NODES = ['22.15.0', '22.23.3', '24.21.0', '26.10.0'];
const PRELOADS = ['--import', '--require'];
// Node processes without a main file, which scripts and tools start in an environment with NODE_OPTIONS.
const PROGRAMS = {
  '--eval': ['--eval', 'console.log(require("os").EOL.length)'],
  '--print': ['--print', 'os.EOL.length'],
  '--eval of a module': ['--input-type=module', '--eval', 'import os from "os"; console.log(os.EOL.length)'],
  'a worker with `eval: true`': [
    '--eval',
    `new (require('worker_threads').Worker)('console.log(require("os").EOL.length)', { eval: true })`,
  ],
};

describe('the preload does not change a process without a main file:', () => {
  const names = Object.keys(PROGRAMS) as (keyof typeof PROGRAMS)[];
  test.each(PRELOADS.flatMap((preload) => names.map((name) => [name, preload] as const)))(
    '%s, with %s',
    async (name, preload) => {
      const binaries = await nodeBinaries(NODES);
      const outputs = await inParallel(2, NODES, async (version) => {
        const { code, stdout } = await runProgram([preload, '@clew/node/register', ...PROGRAMS[name]], {
          node: binaries.get(version) as string,
          variables: { OTEL_TRACES_EXPORTER: 'none' },
        });
        return [version, code, stdout];
      });
      expect(outputs).toEqual(NODES.map((version) => [version, 0, '1\n']));
    },
    TIMEOUT_MS,
  );
});
