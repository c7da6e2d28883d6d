import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Collector, startCollector } from '@clew/viewer';
import { runProgram } from '../run-program.ts';
import { spansOf, treeOf } from '../span-tree.ts';

const programs = join(__dirname, 'programs');
let collector: Collector;

beforeAll(async () => {
  collector = await startCollector({ port: 0 });
});
afterAll(() => collector.close());

async function run(service: string, args: readonly string[], variables: Record<string, string> = {}) {
  const ended = await runProgram(args, {
    cwd: programs,
    variables: {
      OTEL_SERVICE_NAME: service,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      SETUP: JSON.stringify({ tracer: 'opentelemetry', plugins: { mcp: 'clew' } }),
      ...variables,
    },
  });
  return { ...ended, tree: treeOf(spansOf(collector, service)) };
}

const preloads = {
  "Clew's preload flag": '@clew/node/register',
  "OpenTelemetry's SDK": join(__dirname, '..', 'opentelemetry', 'setup.mjs'),
};

describe.each(Object.entries(preloads))('with %s', (_, preload) => {
  test.each([
    ['client1.cjs', 'server1.cjs'],
    ['client1.mjs', 'server1.mjs'],
    ['client2.cjs', 'server2.cjs'],
    ['client2.mjs', 'server2.mjs'],
    ['client1.mjs', 'server2.cjs'],
    ['client2.cjs', 'server1.mjs'],
  ])('%s and %s over stdio are one trace, and behave as without tracing', async (client, SERVER) => {
    const service = `${preload === '@clew/node/register' ? 'clew' : 'otel'}-${client}-${SERVER}`;
    const untraced = await run(service, [client], { SERVER });
    expect(untraced.tree).toEqual([]);
    const { tree, ...traced } = await run(service, ['--import', preload, client], { SERVER });
    expect({ ...traced, tree: [] }).toEqual(untraced);
    expect(traced).toMatchObject({ code: 0, stdout: '21 degrees\n', stderr: '' });
    expect(tree).toEqual([
      'CLIENT initialize',
      '  SERVER initialize',
      'CLIENT notifications/initialized',
      '  SERVER notifications/initialized',
      'INTERNAL answer',
      '  CLIENT tools/call forecast',
      '    SERVER tools/call forecast',
      '      CLIENT sampling/createMessage',
      '        SERVER sampling/createMessage',
      '          INTERNAL model',
      '      INTERNAL look up',
    ]);
  });
});

test('the README has an example with the trace that it shows', async () => {
  const path = join(__dirname, '..', '..', 'packages', 'instrumentation-mcp', 'README.md');
  const readme = readFileSync(path, 'utf8');
  const [, example = ''] = /^```js\n(.*?)```/ms.exec(readme) ?? [];
  const [, tree = ''] = /```text\n(.*?)```/s.exec(readme) ?? [];
  // Inside the repository, so that its packages are found.
  const folder = mkdtempSync(join(programs, 'readme-'));
  try {
    const file = join(folder, 'example.mjs');
    writeFileSync(file, example);
    const ended = await run('assistant', [file]);
    expect(ended).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(ended.tree).toEqual(tree.trimEnd().split('\n'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
