import { inParallel, nodeBinaries, runProgram } from '../run-program.ts';

/** Room for the download of a Node version. */
const TIMEOUT_MS = 300_000;
const NODES = ['22.15.0', '22.23.3', '24.21.0', '26.10.0'];
const WAYS = ['--import', '--require'];
// What npm's scripts, shells and tools start with NODE_OPTIONS set: programs without a file.
const PROGRAMS = {
  '--eval': ['--eval', 'console.log(require("os").EOL.length)'],
  '--print': ['--print', 'os.EOL.length'],
  '--eval of a module': ['--input-type=module', '--eval', 'import os from "os"; console.log(os.EOL.length)'],
  'a worker of text': [
    '--eval',
    `new (require('worker_threads').Worker)('console.log(require("os").EOL.length)', { eval: true })`,
  ],
};

describe('a program without a file runs as ever:', () => {
  const names = Object.keys(PROGRAMS) as (keyof typeof PROGRAMS)[];
  test.each(WAYS.flatMap((way) => names.map((name) => [name, way] as const)))(
    '%s, with %s',
    async (name, way) => {
      const binaries = await nodeBinaries(NODES);
      const outputs = await inParallel(2, NODES, async (version) => {
        const { code, stdout } = await runProgram([way, '@clew/node/register', ...PROGRAMS[name]], {
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
