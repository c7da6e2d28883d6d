import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Collector, startCollector } from '@clew/viewer';
import { runProgram } from '../run-program.ts';
import { findNats, type Nats } from '../services/nats.ts';
import { spansOf, treeOf } from '../span-tree.ts';

const programs = join(__dirname, 'programs');
let server: Nats;
let collector: Collector;

beforeAll(async () => {
  [server, collector] = [await findNats(), await startCollector({ port: 0 })];
}, 60_000);
afterAll(async () => {
  await collector.close();
  await server.stop();
});

async function run(service: string, ...args: string[]) {
  const ended = await runProgram(args, {
    cwd: programs,
    variables: {
      NATS_URL: server.url,
      PREFIX: service,
      OTEL_SERVICE_NAME: service,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    },
  });
  return { ...ended, tree: treeOf(spansOf(collector, service)) };
}

test.each(['two.cjs', 'two.mjs', 'three.cjs', 'three.mjs'])(
  '%s is traced by the preload flag',
  async (file) => {
    const service = `clew-${file.replace('.', '-')}-${process.pid.toString(36)}`;
    const { code, stderr, tree } = await run(service, '--import', '@clew/node/register', file);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(tree).toEqual([
      `CLIENT ${service}.total`,
      `  SERVER ${service}.total`,
      `PRODUCER publish ${service}.audit`,
      `  CONSUMER process ${service}.audit`,
      `PRODUCER publish ${service}.stored`,
      `  CONSUMER process ${service}.stored`,
    ]);
  },
);

test("the README's example has the trace that the README shows", async () => {
  const readme = readFileSync(
    join(__dirname, '..', '..', 'packages', 'instrumentation-nats', 'README.md'),
    'utf8',
  );
  const [, example = ''] = /```js\n(.*?)```/s.exec(readme) ?? [];
  const [, tree = ''] = /```text\n(.*?)```/s.exec(readme) ?? [];
  // Inside the repository, so that its packages are found.
  const folder = mkdtempSync(join(programs, 'readme-'));
  try {
    const file = join(folder, 'example.mjs');
    writeFileSync(file, example);
    const ended = await run('shop', file);
    expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code: 0, stderr: '' });
    expect(ended.tree).toEqual(tree.trimEnd().split('\n'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
