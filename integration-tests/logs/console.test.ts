import { join } from 'node:path';
import { nodeBinaries, type RunOptions, runProgram } from '../run-program.ts';

const PRELOAD = ['--import', '@clew/node/register'];
const NODES = ['22.15.0', '22.23.3', '24.21.0', '26.10.0'];
const FILES = ['console.cjs', 'console.mjs'];
const SUFFIX = / trace_id=([\da-f]{32}) span_id=([\da-f]{16}) trace_flags=0[0-3]$/gm;

async function run(
  args: readonly string[],
  variables: Record<string, string> = {},
  options: RunOptions = {},
) {
  const { code, stdout, stderr } = await runProgram(args, {
    ...options,
    cwd: join(__dirname, 'programs'),
    variables: { OTEL_TRACES_EXPORTER: 'none', NODE_NO_WARNINGS: '1', ...variables },
  });
  const [, ids] = /^IDS (.*)\n/m.exec(stderr) ?? [];
  return { code, stdout, stderr: stderr.replace(/^IDS .*\n/m, ''), ids };
}

const printed = ({ code, stdout, stderr }: Awaited<ReturnType<typeof run>>) => ({ code, stdout, stderr });

describe.each(FILES)('%s', (file) => {
  test('without the option, console prints the same', async () => {
    expect(printed(await run([...PRELOAD, file]))).toEqual(printed(await run([file])));
  });

  test('as text, output in a span ends with the ids of the span, and is otherwise unchanged', async () => {
    const bare = await run([file]);
    const traced = await run([...PRELOAD, file], { CLEW_CONSOLE: 'text' });
    expect({
      code: traced.code,
      stdout: traced.stdout.replaceAll(SUFFIX, ''),
      stderr: traced.stderr.replaceAll(SUFFIX, ''),
    }).toEqual(printed(bare));
    const suffixes = [...(traced.stdout + traced.stderr).matchAll(SUFFIX)];
    expect(suffixes).toHaveLength(15);
    for (const [, traceId, spanId] of suffixes) expect(`${traceId} ${spanId}`).toBe(traced.ids);
    expect(traced.stdout).toMatch(/^sold 2 to ada\na missing/);
    expect(traced.stdout).toMatch(/^sold 2 to ada trace_id=/m);
    expect(traced.stdout).toMatch(/^a missing value: one %s trace_id=/m);
    expect(traced.stdout).toMatch(/^50%% alone trace_id=/m);
    expect(traced.stdout).toMatch(/^ {2}in it\n {2}in two lines trace_id=/m);
  });

  test('as JSON, each output is one line with its text, stream and ids', async () => {
    const bare = await run([file]);
    const traced = await run([...PRELOAD, file], { CLEW_CONSOLE: 'json' });
    for (const stream of ['stdout', 'stderr'] as const) {
      const lines = traced[stream].trimEnd().split('\n');
      const records = lines
        .filter((line) => line.trim().startsWith('{"time"'))
        .map((line) => JSON.parse(line));
      expect(new Set(records.map((record) => record.stream))).toEqual(new Set([stream]));
      const withIds = records.filter((record) => 'trace_id' in record);
      expect(new Set(withIds.map(({ trace_id, span_id }) => `${trace_id} ${span_id}`))).toEqual(
        new Set([traced.ids]),
      );
      for (const { message } of records)
        expect(bare[stream].replaceAll(/^ {2}/gm, '')).toContain(message.replaceAll(/^ {2}/gm, ''));
    }
    expect(traced.stdout).toMatch(/^an own console$/m);
  });
});

test('the flags show that a trace is not sampled', async () => {
  const { stdout } = await run([...PRELOAD, 'console.mjs'], {
    CLEW_CONSOLE: 'text',
    OTEL_TRACES_SAMPLER: 'always_off',
  });
  expect(stdout).toMatch(/^sold 2 to ada trace_id=.* trace_flags=0[02]$/m);
});

test('an invalid format is reported, and console stays as it is', async () => {
  const { stdout, stderr } = await run([...PRELOAD, 'console.mjs'], { CLEW_CONSOLE: 'xml' });
  expect(stderr).toContain('clew warn: @clew/node: expected CLEW_CONSOLE to be text, json, got "xml"');
  expect(stdout).toBe((await run(['console.mjs'])).stdout);
});

test.each([
  ['init() adds the ids, and shutdown() ends that', `init({ console: 'text' })`, 'after\n'],
  [
    'a console that another library wraps later keeps working',
    `init({ console: 'text' }); wrapLater()`,
    'wrapped: after\n',
  ],
])('%s', async (_title, start, expected) => {
  const code = `import { init } from '@clew/node';
    import { trace } from '@opentelemetry/api';
    function wrapLater() {
      const key = Object.getOwnPropertySymbols(console).find((each) => each.description === 'kWriteToConsole');
      const inner = console[key];
      console[key] = function (stream, text, ...rest) { return inner.call(this, stream, 'wrapped: ' + text, ...rest); };
    }
    ${start};
    trace.getTracer('shop').startActiveSpan('checkout', () => console.log('during'));
    await init().shutdown();
    console.log('after');`;
  const { stdout, stderr } = await run(['--input-type=module', '--eval', code]);
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^(wrapped: )?during trace_id=.*\n/);
  expect(stdout.endsWith(expected)).toBe(true);
});

test('the supported versions of Node.js have the method that is used', async () => {
  const binaries = await nodeBinaries(NODES);
  for (const version of NODES) {
    const { stdout } = await run(
      [...PRELOAD, 'console.mjs'],
      { CLEW_CONSOLE: 'text' },
      { node: binaries.get(version)! },
    );
    expect([version, [...stdout.matchAll(SUFFIX)].length > 8]).toEqual([version, true]);
  }
});
