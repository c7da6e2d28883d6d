import { join } from 'node:path';
import { type Collector, startCollector } from '@clew/viewer';
import { type Ended, inParallel, nodeBinaries, runProgram } from '../run-program.ts';
import { spansOf, treeOf } from '../span-tree.ts';

/** Room for the download of a Node version. */
const TIMEOUT_MS = 300_000;
const OLDEST = '22.15.0';
const NODES = [OLDEST, '22.23.3', '24.21.0', '26.10.0'];
const WAYS = {
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
  readonly way: keyof typeof WAYS;
  readonly program: keyof typeof PROGRAMS;
}

const CASES: readonly Case[] = NODES.flatMap((version) =>
  (Object.keys(WAYS) as (keyof typeof WAYS)[]).flatMap((way) =>
    (Object.keys(PROGRAMS) as (keyof typeof PROGRAMS)[])
      // Types are stripped without being asked from 22.18 on; one way of starting is enough for them.
      .filter((program) => program !== 'typed.ts' || (way === '--import' && version !== OLDEST))
      .map((program) => ({ version, way, program })),
  ),
);

let collector: Collector;
let nodes: Map<string, string>;
let ends: (Ended & { tree: string[] })[];

beforeAll(async () => {
  collector = await startCollector({ port: 0 });
  nodes = await nodeBinaries(NODES);
  ends = await inParallel(2, CASES, async ({ version, way, program }) => {
    const service = `${program} ${way} ${version}`;
    const ended = await run(version, [...WAYS[way].args, join(__dirname, 'programs', program)], {
      ...WAYS[way].variables,
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
      // SQLite and stripped types are experiments on some of the Nodes, and Node says so.
      NODE_NO_WARNINGS: '1',
      ...variables,
    },
  });
}

const nameOf = ({ version, way, program }: Case) => `Node ${version}, ${way}, ${program}`;

test.each(CASES.map((each, index) => [nameOf(each), each, index] as const))(
  '%s: one trace, each span in its place',
  (_name, { program }, index) => {
    const { code, stdout, stderr, tree } = ends[index]!;
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '{"pieces":7}', stderr: '' });
    expect(tree).toEqual(PROGRAMS[program]);
  },
);

test('a plugin’s code is loaded when its target is, not before', async () => {
  const program = join(__dirname, 'programs', 'loads.cjs');
  const names = ['node:fs', 'express', 'koa', 'knex'];
  const { stdout } = await run('24.21.0', [...WAYS['--import'].args, program, ...names], {});
  const [atStart, ...after] = JSON.parse(stdout) as string[][];
  expect(atStart).toEqual([]);
  expect(after).toEqual([
    [],
    ['express', 'http'],
    ['express', 'http', 'koa'],
    ['express', 'http', 'knex', 'koa'],
  ]);
});
