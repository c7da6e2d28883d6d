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
});
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

describe('the README', () => {
  const path = join(__dirname, '..', '..', 'packages', 'instrumentation-nats', 'README.md');
  const readme = readFileSync(path, 'utf8');
  const [example = '', loop = ''] = Array.from(readme.matchAll(/^ *```js\n(.*?)```/gms), ([, code]) => code);
  let folder: string;

  beforeAll(() => {
    // Inside the repository, so that its packages are found.
    folder = mkdtempSync(join(programs, 'readme-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const treeOfCode = async (service: string, code: string, ...flags: string[]) => {
    const file = join(folder, `${service}.mjs`);
    writeFileSync(file, code);
    const ended = await run(service, ...flags, file);
    expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code: 0, stderr: '' });
    return ended.tree;
  };

  test('the example has the trace that the README shows', async () => {
    const [, tree = ''] = /```text\n(.*?)```/s.exec(readme) ?? [];
    expect(await treeOfCode('shop', example)).toEqual(tree.trimEnd().split('\n'));
  });

  test('in a loop, messageContext makes the span of the message current', async () => {
    const code = `
      import { connect } from '@nats-io/transport-node';
      import { trace } from '@opentelemetry/api';
      ${loop.replace(/^ *for .*/ms, '')}
      const connection = await connect({ servers: process.env.NATS_URL });
      const subscription = connection.subscribe(process.env.PREFIX, { max: 2 });
      const handle = async () => trace.getTracer('loop').startSpan('handled').end();
      connection.publish(process.env.PREFIX, '1');
      connection.publish(process.env.PREFIX, '2');
      ${/^ *for .*/ms.exec(loop)?.[0]}
      await connection.close();`;
    const service = `clew-loop-${process.pid.toString(36)}`;
    const message = [`PRODUCER publish ${service}`, `  CONSUMER process ${service}`, '    INTERNAL handled'];
    expect(await treeOfCode(service, code, '--import', '@clew/node/register')).toEqual([
      ...message,
      ...message,
    ]);
  });
});
