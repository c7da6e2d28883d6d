import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type Collector, startCollector } from '@clew/viewer';
import { runProgram } from '../run-program.ts';
import { spansOf, treeOf } from '../span-tree.ts';

const programs = join(__dirname, 'programs');
const preloads = {
  "Clew's preload flag": ['@clew/node/register', 'clew'],
  "Clew's tracer": [join(__dirname, '..', 'opentelemetry', 'setup.mjs'), 'clew'],
  "OpenTelemetry's SDK": [join(__dirname, '..', 'opentelemetry', 'setup.mjs'), 'opentelemetry'],
} as const;
let collector: Collector;
/** The programs with the oldest version of the library. */
let oldest: string;
let runs = 0;

beforeAll(async () => {
  collector = await startCollector({ port: 0 });
  // Inside the repository, so that its other packages are found.
  oldest = mkdtempSync(join(programs, 'oldest-'));
  const manifest = createRequire(__filename).resolve('grpc-js-1.10/package.json');
  mkdirSync(join(oldest, 'node_modules', '@grpc'), { recursive: true });
  cpSync(dirname(manifest), join(oldest, 'node_modules', '@grpc', 'grpc-js'), { recursive: true });
  for (const file of ['definitions.cjs', 'exchange.cjs', 'orders.cjs', 'orders.mjs', 'shop.proto'])
    cpSync(join(programs, file), join(oldest, file));
});
afterAll(async () => {
  rmSync(oldest, { recursive: true, force: true });
  await collector.close();
});

async function run(
  cwd: string,
  file: string,
  [preload, tracer]: readonly [string, string] | readonly [] = [],
) {
  const service = `grpc ${++runs}`;
  const flags = preload === undefined ? [] : ['--import', preload];
  const ended = await runProgram([...flags, file], {
    cwd,
    variables: {
      OTEL_SERVICE_NAME: service,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      SETUP: JSON.stringify({ tracer, plugins: { grpc: 'clew' } }),
      NODE_NO_WARNINGS: '1',
    },
  });
  return { ...ended, tree: treeOf(spansOf(collector, service)) };
}

const CALLS = { Chat: 1, Collect: 1, List: 4, Total: 5 };

/** The trees of both forms of the service. */
const TREE = ['loaded', 'static'].flatMap((form) => [
  `INTERNAL ${form}`,
  ...Object.entries(CALLS).flatMap(([name, count]) =>
    Array(count)
      .fill([`  CLIENT shop.Orders/${name}`, `    SERVER shop.Orders/${name}`])
      .flat(),
  ),
]);

describe.each(Object.entries(preloads))('with %s', (_, preload) => {
  test.each(
    ['newest', 'oldest'].flatMap((version) => ['orders.cjs', 'orders.mjs'].map((file) => [version, file])),
  )(
    'and the %s version, %s has all spans, and prints the same events in the same order as untraced',
    async (version, file) => {
      const folder = version === 'oldest' ? oldest : programs;
      const [bare, traced] = [await run(folder, file!), await run(folder, file!, preload)];
      expect(bare).toMatchObject({ code: 0, signal: null, stderr: '', tree: [] });
      expect(bare.stdout).toContain('list cancelled error list cancelled {"code":1');
      expect(traced).toEqual({ ...bare, tree: TREE });
    },
  );
});

test('an unhandled rejection ends the process as it does untraced, and its call is recorded', async () => {
  const preload = preloads["Clew's preload flag"];
  const [bare, traced] = [await run(programs, 'rejects.cjs'), await run(programs, 'rejects.cjs', preload)];
  expect(bare).toMatchObject({ code: 1, tree: [] });
  expect(bare.stdout).toContain('unhandledRejection 14 No connection established');
  for (const { stderr } of [bare, traced]) expect(stderr).toContain('Error: 14 UNAVAILABLE');
  const { code, stdout } = bare;
  expect(traced).toMatchObject({ code, stdout, tree: ['CLIENT shop.Orders/Total'] });
});
