import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Collector, startCollector } from '@clew/viewer';
import { runProgram } from '../run-program.ts';
import { spansOf, treeOf } from '../span-tree.ts';
import { MongoServer } from './servers/mongodb-server.ts';

const programs = join(__dirname, 'programs');
const setup = join(__dirname, '..', 'opentelemetry', 'setup.mjs');
const PRELOAD = ['--import', '@clew/node/register'];
let server: MongoServer;
let collector: Collector;

beforeAll(async () => {
  collector = await startCollector({ port: 0 });
});
afterAll(() => collector.close());
beforeEach(async () => {
  server = await MongoServer.start();
});
afterEach(() => server.stop());

let runs = 0;

async function run(
  args: readonly string[],
  variables: Record<string, string> = {},
  service = `mongodb ${runs++}`,
) {
  const ended = await runProgram(args, {
    cwd: programs,
    variables: {
      MONGODB_URL: server.url,
      OTEL_SERVICE_NAME: service,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      NODE_NO_WARNINGS: '1',
      ...variables,
    },
  });
  return { ...ended, tree: treeOf(spansOf(collector, service)) };
}

const TREE = [
  'INTERNAL with mongoose',
  '  CLIENT find albums',
  '  CLIENT insert albums',
  '  CLIENT update albums',
  'INTERNAL with the driver',
  '  CLIENT BATCH insert songs',
  '  CLIENT find songs',
  '  CLIENT getMore songs',
];

describe.each(['mongodb.cjs', 'mongodb.mjs'])('%s', (file) => {
  test('is traced by the preload flag, with mongoose', async () => {
    const { code, stderr, tree } = await run([...PRELOAD, file]);
    expect({ code, stderr, tree }).toEqual({ code: 0, stderr: '', tree: TREE });
  });

  test.each(['clew', 'opentelemetry'])(
    'is traced with the plugin in a set-up with the tracer of %s',
    async (tracer) => {
      const { code, stderr, tree } = await run(['--import', setup, file], {
        SETUP: JSON.stringify({ tracer, plugins: { mongodb: 'clew' } }),
      });
      expect({ code, stderr, tree }).toEqual({ code: 0, stderr: '', tree: TREE });
    },
  );
});

test('the example of the README has the trace that the README shows', async () => {
  const readme = readFileSync(
    join(__dirname, '..', '..', 'packages', 'instrumentation-mongodb', 'README.md'),
    'utf8',
  );
  const [, example = ''] = /```js\n(.*?)```/s.exec(readme) ?? [];
  const [, shown = ''] = /```text\n(.*?)```/s.exec(readme) ?? [];
  // Inside the repository, so that its packages are found.
  const folder = mkdtempSync(join(programs, 'readme-'));
  try {
    writeFileSync(join(folder, 'example.mjs'), example);
    const { code, stderr, stdout, tree } = await run([join(folder, 'example.mjs')], {}, 'shop');
    expect({ code, stderr, stdout }).toEqual({ code: 0, stderr: '', stdout: 'book\npen\ncup\n' });
    expect(tree).toEqual(shown.trimEnd().split('\n'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test.each(['mongodb', 'mongodb-6.4', 'mongodb-6.0'])(
  '%s: an application observes the same with the plugin and without it',
  async (driver) => {
    const observed = async (...flags: string[]) => {
      server.fault('update', {
        add: { writeConcernError: { code: 64, codeName: 'WriteConcernFailed', errmsg: 'no' } },
      });
      server.fail('distinct', 50, 'MaxTimeMSExpired', 'operation exceeded time limit', {
        errorLabels: ['Some'],
      });
      server.fault('aggregate', { cut: true });
      const { code, stdout, stderr, tree } = await run([...flags, 'mongodb-behaviour.cjs'], {
        DRIVER: driver,
      });
      // Node prints the source of another line above the error.
      const known = stderr.replace(/^\s+at .*$/gm, '').slice(stderr.indexOf('MongoServerError: '));
      return { code, known, lines: stdout.split('\n'), tree };
    };
    const bare = await observed();
    expect(bare).toMatchObject({ code: 1, known: expect.stringContaining('noSuchCommand'), tree: [] });
    expect(bare.lines.length).toBeGreaterThan(20);
    const flags = driver === 'mongodb' ? [] : ['--require', './mongodb-instrument.cjs'];
    const traced = await observed(...flags, ...PRELOAD);
    expect(traced).toEqual({ ...bare, tree: traced.tree });
    expect(traced.tree.length).toBeGreaterThan(20);
  },
);
