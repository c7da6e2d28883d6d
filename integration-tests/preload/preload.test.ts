import { join } from 'node:path';
import { type Collector, startCollector } from '@clew/viewer';
import { type Ended, inParallel, nodeBinaries, runProgram } from '../run-program.ts';
import { spansOf, treeOf } from '../span-tree.ts';

/** Includes the download of a Node version. */
const TIMEOUT_MS = 300_000;
const OLDEST = '22.15.0';
const NODES = [OLDEST, '22.23.3', '24.21.0', '26.10.0'];
const PRELOADS = {
  '--import': { args: ['--import', '@clew/node/register'], variables: {} },
  '--require': { args: ['--require', '@clew/node/register'], variables: {} },
  NODE_OPTIONS: { args: [], variables: { NODE_OPTIONS: '--import=@clew/node/register' } },
} as const;

const CHAIN = [
  'CLIENT GET',
  '  SERVER GET /orders/:id',
  '    CLIENT GET',
  '      SERVER GET /stock/:id',
  '        CLIENT SELECT',
];
const TYPED = ['CLIENT GET', '  SERVER GET /orders/:id'];
const PROGRAMS = { 'chain.cjs': CHAIN, 'chain.mjs': CHAIN, 'typed.ts': TYPED };

interface Case {
  readonly version: string;
  readonly preload: keyof typeof PRELOADS;
  readonly program: keyof typeof PROGRAMS;
}

const CASES: readonly Case[] = NODES.flatMap((version) =>
  (Object.keys(PRELOADS) as (keyof typeof PRELOADS)[]).flatMap((preload) =>
    (Object.keys(PROGRAMS) as (keyof typeof PROGRAMS)[])
      // Node strips types by default since 22.18. One preload is enough to test them.
      .filter((program) => program !== 'typed.ts' || (preload === '--import' && version !== OLDEST))
      .map((program) => ({ version, preload, program })),
  ),
);

let collector: Collector;
let nodes: Map<string, string>;
let runs: (Ended & { tree: string[] })[];

beforeAll(async () => {
  collector = await startCollector({ port: 0 });
  nodes = await nodeBinaries(NODES);
  runs = await inParallel(2, CASES, async ({ version, preload, program }) => {
    const service = `${program} ${preload} ${version}`;
    const ended = await run(version, [...PRELOADS[preload].args, join(__dirname, 'programs', program)], {
      ...PRELOADS[preload].variables,
      OTEL_SERVICE_NAME: service,
    });
    return { ...ended, tree: treeOf(spansOf(collector, service)) };
  });
}, TIMEOUT_MS);
afterAll(() => collector.close());

function run(version: string, args: readonly string[], variables: Record<string, string>): Promise<Ended> {
  return runProgram(args, {
    node: nodes.get(version) as string,
    cwd: __dirname,
    variables: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      // Some of these versions warn that SQLite and type stripping are experimental.
      NODE_NO_WARNINGS: '1',
      ...variables,
    },
  });
}

const nameOf = ({ version, preload, program }: Case) => `Node ${version}, ${preload}, ${program}`;

test.each(CASES.map((each, index) => [nameOf(each), each, index] as const))(
  'traces a request through all services: %s',
  (_name, { program }, index) => {
    const { code, stdout, stderr, tree } = runs[index]!;
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '{"pieces":7}', stderr: '' });
    expect(tree).toEqual(PROGRAMS[program]);
  },
);

test('loads a plugin’s code when the application loads its target', async () => {
  const program = join(__dirname, 'programs', 'loads.cjs');
  const names = ['node:fs', 'express', 'koa', 'knex'];
  const { stdout } = await run('24.21.0', [...PRELOADS['--import'].args, program, ...names], {});
  const [atStart, ...after] = JSON.parse(stdout) as string[][];
  expect(atStart).toEqual([]);
  expect(after).toEqual([
    [],
    ['express', 'http'],
    ['express', 'http', 'koa'],
    ['express', 'http', 'knex', 'koa'],
  ]);
});
