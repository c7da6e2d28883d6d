// docs/coming-from-opentelemetry.md: an application takes the steps of the page, outside of this repository.
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCollector } from '@clew/viewer';
import { npm, packPackages } from '../packed-packages.ts';
import { blockOf } from '../page-blocks.ts';
import { runProgram } from '../run-program.ts';
import { spansOf, treeOf } from '../span-tree.ts';

const PAGE = 'docs/coming-from-opentelemetry.md';
const TIMEOUT_MS = 300_000;
const CLEW = ['node', 'instrumentation-express', 'instrumentation-http', 'instrumentation-undici'];
const OPENTELEMETRY = [
  '@opentelemetry/api@1.10.0',
  '@opentelemetry/instrumentation-express@0.72.0',
  '@opentelemetry/instrumentation-http@0.301.0',
  '@opentelemetry/instrumentation-undici@0.34.0',
  '@opentelemetry/sdk-node@0.301.0',
];

const STEPS = {
  'opentelemetry.cjs': '// 1. OpenTelemetry',
  'plugins.cjs': '// 2a. ',
  'tracer.cjs': '// 2b. ',
  'clew.cjs': '// 3. ',
};

let project: string;

beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), 'clew-from-opentelemetry-'));
  writeFileSync(join(project, 'package.json'), '{ "private": true }\n');
  cpSync(join(__dirname, 'programs'), project, { recursive: true });
  for (const [file, step] of Object.entries(STEPS))
    writeFileSync(join(project, file), blockOf(PAGE, 'Step by step, with code', 'js', step));
  await npm(project, 'install', ...(await packPackages(project, CLEW)), ...OPENTELEMETRY, 'express@5.3.0');
}, TIMEOUT_MS);
afterAll(() => rmSync(project, { recursive: true, force: true }));

/** Runs the application with these flags; returns its spans and what it prints. */
async function trace(...flags: readonly string[]) {
  const collector = await startCollector({ port: 0 });
  try {
    const ended = await runProgram([...flags, 'application.cjs'], {
      cwd: project,
      variables: {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_SERVICE_NAME: 'shop',
        OTEL_METRICS_EXPORTER: 'none',
        OTEL_LOGS_EXPORTER: 'none',
        NODE_NO_WARNINGS: '1',
      },
    });
    return { ...ended, spans: spansOf(collector, 'shop') };
  } finally {
    await collector.close();
  }
}

const HANDLER = ['SERVER GET /orders/:id', '  INTERNAL request handler', '    INTERNAL price'];
const REQUEST = ['SERVER GET /orders/:id', '  INTERNAL price'];
/** The default of a signal without a listener. */
const BY_SIGNAL = { code: null, signal: 'SIGTERM' };

test.each([
  ['opentelemetry.cjs', HANDLER, { code: 0, signal: null }],
  ['plugins.cjs', REQUEST, { code: 0, signal: null }],
  ['tracer.cjs', HANDLER, BY_SIGNAL],
  [
    'clew.cjs',
    ['SERVER GET /orders/:id', '  INTERNAL request handler - /orders/:id', '    INTERNAL price'],
    BY_SIGNAL,
  ],
])('the step %s traces the application', async (file, tree, end) => {
  const { spans, stdout, stderr, code, signal } = await trace('--require', `./${file}`);
  expect(treeOf(spans)).toEqual(tree);
  expect({ stdout, stderr, code, signal }).toEqual({ stdout: '', stderr: '', ...end });
});

test('a SERVER span has the same name and attributes with both', async () => {
  const [before, after] = await Promise.all(
    [
      ['--require', './opentelemetry.cjs'],
      ['--import', '@clew/node/register'],
    ].map(async (flags) => {
      const { spans } = await trace(...flags);
      return spans.find(({ kind }) => kind === 'SERVER');
    }),
  );
  // The ports differ from run to run.
  const comparable = (span: typeof before) => [
    span?.name,
    Object.entries(span?.attributes ?? {})
      .filter(([key]) => !key.endsWith('.port'))
      .sort(),
  ];
  expect(comparable(after)).toEqual(comparable(before));
});

test('two SDKs in one process are reported, with the documented line', async () => {
  const { spans, stderr } = await trace(
    '--require',
    './opentelemetry.cjs',
    '--import',
    '@clew/node/register',
  );
  expect(stderr).toContain('another OpenTelemetry SDK is active in this process; Clew does not start');
  expect(treeOf(spans)).toEqual(HANDLER);
});
