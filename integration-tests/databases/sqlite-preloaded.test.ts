import { join } from 'node:path';
import { type Collector, startCollector } from '@clew/viewer';
import { runProgram } from '../run-program.ts';
import { spansOf } from '../span-tree.ts';

const cwd = join(__dirname, 'programs');

let collector: Collector;
beforeAll(async () => {
  collector = await startCollector({ port: 0 });
});
afterAll(() => collector.close());

test.each([
  ['sqlite.cjs', []],
  ['sqlite.mjs', []],
  ['sqlite.cjs', ['fatal']],
])(
  '%s %j: traced by the preload flag, an application observes the same as without it',
  async (file, args) => {
    const service = [file, ...args].join(' ');
    const variables = { OTEL_SERVICE_NAME: service, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
    const bare = await runProgram([file, ...args], { cwd, variables });
    const traced = await runProgram(['--import', '@clew/node/register', file, ...args], { cwd, variables });
    expect({ code: traced.code, stdout: traced.stdout }).toEqual({ code: bare.code, stdout: bare.stdout });
    expect(bare.code).toBe(args.length);

    const names = spansOf(collector, service).map(({ name }) => name);
    for (const name of ['CREATE songs', 'INSERT songs', 'SELECT songs', 'SELECT missing'])
      expect(names.filter((each) => each === name).length).toBeGreaterThan(1);
  },
);
