import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Collector, startCollector } from '@clew/viewer';
import { runProgram } from '../run-program.ts';
import { type Rabbitmq, rabbitmq } from '../services/rabbitmq.ts';
import { spansOf, treeOf } from '../span-tree.ts';

const programs = join(__dirname, 'programs');
const modules = join(__dirname, '..', '..', 'node_modules');
let broker: Rabbitmq;
let collector: Collector;
let project: string;

beforeAll(async () => {
  [broker, collector] = [await rabbitmq(), await startCollector({ port: 0 })];
  project = mkdtempSync(join(tmpdir(), 'clew-amqplib-'));
}, 120_000);
afterAll(async () => {
  rmSync(project, { recursive: true, force: true });
  await collector.close();
  await broker.stop();
});

/** Runs a program with the preload flag, and returns its spans as a tree, its exit code and its output. */
async function run(file: string, service: string, traced = true) {
  const flags = traced ? ['--import', '@clew/node/register'] : [];
  const ended = await runProgram([...flags, file], {
    cwd: programs,
    variables: {
      AMQP_URL: broker.url,
      // The dependencies of a copied amqplib.
      NODE_PATH: modules,
      OTEL_SERVICE_NAME: service,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    },
  });
  return { ...ended, tree: treeOf(spansOf(collector, service)) };
}

const PLAIN = [
  'CLIENT clew.plain',
  '  SERVER clew.plain',
  'PRODUCER publish clew.plain',
  '  CONSUMER process clew.plain',
];

test.each(['amqplib-0.10.0', 'amqplib-0.10', 'amqplib-1', 'amqplib'])(
  '%s is patched when it is loaded',
  async (name) => {
    // Module hooks depend on the name of the folder, so each version needs its own project.
    const folder = join(project, name);
    mkdirSync(join(folder, 'node_modules'), { recursive: true });
    cpSync(join(modules, name), join(folder, 'node_modules', 'amqplib'), { recursive: true });
    cpSync(join(programs, 'plain.cjs'), join(folder, 'plain.cjs'));
    const { code, stderr, tree } = await run(join(folder, 'plain.cjs'), name);
    expect({ code, stderr, tree }).toEqual({ code: 0, stderr: '', tree: PLAIN });
  },
);

test('the callback API in an ES module', async () => {
  const { code, stderr, tree } = await run('plain.mjs', 'esm');
  expect({ code, stderr, tree }).toEqual({ code: 0, stderr: '', tree: PLAIN });
});

test.each([
  ['connection-manager.cjs', ['PRODUCER publish clew.managed', '  CONSUMER process clew.managed']],
  [
    'rascal.cjs',
    ['PRODUCER publish clew.rascal:created', '  CONSUMER process clew.rascal:created:clew.rascal'],
  ],
  [
    'nest.cjs',
    ['CLIENT clew.nest', '  SERVER clew.nest', 'PRODUCER publish clew.nest', '  CONSUMER process clew.nest'],
  ],
])('%s is traced without further settings', async (file, expected) => {
  const { code, stderr, tree } = await run(file, file);
  expect({ code, stderr, tree }).toEqual({ code: 0, stderr: '', tree: expected });
});

test('an unhandled rejection ends the process as it does untraced, and is recorded on the span', async () => {
  const [bare, traced] = [await run('rejects.cjs', 'bare', false), await run('rejects.cjs', 'rejects')];
  expect(bare.code).toBe(1);
  expect(traced.code).toBe(1);
  expect(traced.stderr).toContain('RangeError: not handled');
  expect(traced.tree).toEqual(['PRODUCER publish clew.rejects', '  CONSUMER process clew.rejects']);
});
