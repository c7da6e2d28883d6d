// Real programs with the preload, on all supported versions of Node, with a collector for them and their children.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Collector, startCollector } from '@clew/viewer';

const run = promisify(execFile);
const root = join(__dirname, '..', '..', '..');
/** Long enough to download a version of Node. */
const TIMEOUT_MS = 300_000;
const PRELOAD = { NODE_OPTIONS: '--import=@clew/node/register' };
const PROGRAMS = { 'parent.cjs': PRELOAD, 'parent.mjs': PRELOAD, 'init-late.mjs': {} };

let collector: Collector;
beforeAll(async () => {
  collector = await startCollector({ port: 0 });
});
afterAll(() => collector.close());

async function nodeBinary(version: string): Promise<string> {
  const { stdout } = await run(process.execPath, [join(root, 'scripts', 'node-versions.mjs'), version]);
  return stdout.trim();
}

function environmentFor(service: string, variables: object) {
  const { NODE_OPTIONS: _, TRACEPARENT: __, ...inherited } = process.env;
  return {
    ...inherited,
    ...variables,
    OTEL_SERVICE_NAME: service,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    CLEW_FLUSH_TIMEOUT_MS: '60000',
  };
}

function spansOf(service: string) {
  const traces = collector.store.traces({ service, limit: 100 });
  return traces.flatMap(({ traceId }) => collector.store.trace(traceId)?.spans ?? []);
}

/** Returns the path of each span by names, as received by the collector. */
async function parentsIn(program: keyof typeof PROGRAMS, version: string): Promise<string[]> {
  const service = `${program} ${version}`;
  const env = environmentFor(service, PROGRAMS[program]);
  const { stdout, stderr } = await run(await nodeBinary(version), [join(__dirname, 'programs', program)], {
    cwd: __dirname,
    env,
  });
  expect(stdout + stderr).toBe('');
  const spans = spansOf(service);
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(2);
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const path = (span: (typeof spans)[number] | undefined): string =>
    span === undefined ? '' : `${path(byId.get(span.parentSpanId ?? ''))}/${span.name}`;
  return spans
    .map(path)
    .filter((each) => !each.endsWith('/node'))
    .sort();
}

const STARTERS = ['execFile', 'execSync', 'fork', 'spawn', 'spawnSync'];
const EXPECTED = ['A', 'B']
  .flatMap((request) => [
    `/request ${request}`,
    `/request ${request}/worker ${request}`,
    ...STARTERS.map((way) => `/request ${request}/node/${way} ${request}`),
  ])
  .sort();

describe.each(['22', '24', '26'])('on Node %s', (version) => {
  test.each(Object.keys(PROGRAMS) as (keyof typeof PROGRAMS)[])(
    'children and workers of %s continue the span in which they were started',
    async (program) => {
      expect(await parentsIn(program, version)).toEqual(EXPECTED);
    },
    TIMEOUT_MS,
  );
});

test('the child process that sends the last spans is not traced', async () => {
  const env = environmentFor('exits', PRELOAD);
  const program = run(process.execPath, [join(__dirname, 'programs', 'exits.cjs')], { cwd: __dirname, env });
  await expect(program).rejects.toMatchObject({ code: 7, stderr: '' });
  expect(spansOf('exits').map(({ name }) => name)).toEqual(['request']);
});
