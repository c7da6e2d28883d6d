import { join } from 'node:path';
import { type Collector, startCollector } from '@clew/viewer';
import { type Ended, runProgram } from '../run-program.ts';
import { findPostgres, type Postgres } from '../services/postgres.ts';
import { spansOf } from '../span-tree.ts';

const programs = join(__dirname, 'programs');
const setup = (tracer: string) => ({
  // The hook for ES modules that OpenTelemetry's SDK uses is deprecated from Node 26 on.
  flags: ['--no-deprecation', '--import', '../../opentelemetry/setup.mjs'],
  variables: { SETUP: JSON.stringify({ tracer, plugins: { pg: 'clew' } }) },
});
const TRACERS: Readonly<Record<string, { flags: readonly string[]; variables?: Record<string, string> }>> = {
  'the preload': { flags: ['--import', '@clew/node/register'] },
  "Clew's tracer": setup('clew'),
  'OpenTelemetry’s SDK': setup('opentelemetry'),
};
const FATAL = [
  'an ignored rejection',
  'an ignored rejection of a pool',
  'an ignored rejection of connect',
  'an error event without a listener',
  'a callback that throws',
  'a lost connection without a listener',
];

let postgres: Postgres;
let collector: Collector;
beforeAll(async () => {
  [postgres, collector] = await Promise.all([findPostgres(), startCollector({ port: 0 })]);
});
afterAll(async () => {
  await collector.close();
  await postgres.stop();
});

let runs = 0;

async function run(tracer: string | undefined, program: string, ...args: string[]) {
  const { flags = [], variables } = tracer === undefined ? {} : TRACERS[tracer]!;
  const service = `clew-pg-${process.pid}-${++runs}`;
  const ended = await runProgram([...flags, program, ...args], {
    cwd: programs,
    variables: {
      POSTGRES_URL: postgres.url,
      OTEL_SERVICE_NAME: service,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      ...variables,
    },
  });
  return { ended, spans: spansOf(collector, service) };
}

/** The report of an uncaught error, without stack frames and the line of code that threw it. */
function seenOf({ code, signal, stdout, stderr }: Ended): object {
  const [, report = ''] = /^(\w*error: .*?)\n\nNode\.js v/ims.exec(stderr) ?? [];
  const lines = report.split('\n').filter((line) => !/^ +(at |\[\.\.\. lines matching)/.test(line));
  return { code, signal, stdout, report: lines.map((line) => line.replace(/( at .*)? \{$/, '')) };
}

describe.each(['postgres.cjs', 'postgres.mjs'])('%s', (program) => {
  test('the application sees what it sees untraced, and the spans do not depend on the tracer', async () => {
    const { ended: bare } = await run(undefined, program, 'usual');
    expect(bare).toMatchObject({ code: 0, stderr: '' });
    const names: string[][] = [];
    for (const tracer of Object.keys(TRACERS)) {
      const { ended, spans } = await run(tracer, program, 'usual');
      expect({ tracer, ...ended }).toEqual({ tracer, ...bare });
      names.push(spans.map(({ name, status }) => `${name} ${JSON.stringify(status ?? {})}`).sort());
    }
    expect(names[0]!.length).toBeGreaterThan(20);
    expect(names[1]).toEqual(names[0]);
    expect(names[2]).toEqual(names[0]);
  });
});

test.each(FATAL)('%s ends the process as without tracing', async (name) => {
  const { ended: bare } = await run(undefined, 'postgres.cjs', 'fatal', name);
  expect(bare.code).toBe(1);
  const { ended, spans } = await run('the preload', 'postgres.cjs', 'fatal', name);
  expect(seenOf(ended)).toEqual(seenOf(bare));
  expect((seenOf(bare) as { report: string[] }).report[0]).toMatch(/error: /i);
  expect(spans.length).toBeGreaterThan(0);
});
