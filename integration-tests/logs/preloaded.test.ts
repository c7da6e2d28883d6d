import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runProgram } from '../run-program.ts';

const programs = join(__dirname, 'programs');
const PRELOAD = ['--import', '@clew/node/register'];
const VERSIONS = [
  ['pino', 'pino'],
  ['pino', 'pino-6'],
  ['winston', 'winston'],
  ['winston', 'winston-3.0'],
] as const;

let folder: string;
beforeEach(() => {
  // Inside the repository, so that its packages are found.
  folder = mkdtempSync(join(__dirname, 'copy-'));
  cpSync(programs, folder, { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Installs the copy of a library under its own name, as an application has it. */
function install(library: string, copy: string): void {
  const source = dirname(require.resolve(`${copy}/package.json`));
  cpSync(source, join(folder, 'node_modules', library), { recursive: true });
}

async function run(args: readonly string[], variables: Record<string, string> = {}) {
  const { code, stdout, stderr } = await runProgram(args, {
    cwd: folder,
    variables: { OTEL_TRACES_EXPORTER: 'none', ...variables },
  });
  return { code, stdout, stderr };
}

interface LogRecord {
  readonly expected?: string;
  readonly trace_id?: string;
  readonly span_id?: string;
  readonly trace_flags?: string;
}

function recordsIn(text: string): LogRecord[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** The records without ids, as the untraced application writes them. */
function withoutIds(records: readonly LogRecord[]) {
  return records.map(({ expected: _, trace_id: __, span_id: ___, trace_flags: ____, ...own }) => own);
}

/** The flags contain the bit of random ids, 2. */
function expectIds(records: readonly LogRecord[], flags: '02' | '03'): void {
  expect(new Set(records.map(({ trace_id }) => trace_id)).size).toBe(4);
  for (const { expected, trace_id, span_id, trace_flags } of records) {
    const added = trace_id === undefined ? undefined : `${trace_id} ${span_id}`;
    expect([added, trace_flags]).toEqual([expected, expected === undefined ? undefined : flags]);
  }
}

describe.each(VERSIONS)('%s in the version %s', (library, copy) => {
  test.each(['cjs', 'mjs'])(
    'the records of %s have ids by the preload flag, and are the same otherwise',
    async (type) => {
      install(library, copy);
      const file = `${library}.${type}`;
      const bare = await run([file]);
      const traced = await run([...PRELOAD, file]);
      expect(bare).toMatchObject({ code: 0, stderr: '' });
      expect(traced).toMatchObject({ code: 0, stderr: '' });
      const records = recordsIn(traced.stdout);
      expect(withoutIds(records)).toEqual(withoutIds(recordsIn(bare.stdout)));
      expect(records).toHaveLength(8);
      expectIds(records, '03');
    },
  );
});

test('the flags of records show that a trace is not sampled', async () => {
  const { stdout } = await run([...PRELOAD, 'pino.mjs'], { OTEL_TRACES_SAMPLER: 'always_off' });
  expectIds(recordsIn(stdout), '02');
});

test('the fields have other names by an environment variable', async () => {
  const variables = { CLEW_PINO_FIELDS: '{"traceId":"traceId"}' };
  const { stdout } = await run([...PRELOAD, 'pino.cjs'], variables);
  expect(recordsIn(stdout)[1]).toMatchObject({ traceId: expect.any(String), span_id: expect.any(String) });
});

test('transports in worker threads get the ids, and print the same otherwise', async () => {
  const outputOf = async (name: string, flags: readonly string[]) => {
    const [file, pretty] = [join(folder, `${name}.json`), join(folder, `${name}.txt`)];
    const ended = await run([...flags, 'transports.mjs', file, pretty]);
    expect(ended).toEqual({ code: 0, stdout: '', stderr: '' });
    return { records: recordsIn(readFileSync(file, 'utf8')), pretty: readFileSync(pretty, 'utf8') };
  };
  const bare = await outputOf('bare', []);
  const traced = await outputOf('traced', PRELOAD);
  expect(withoutIds(traced.records)).toEqual(withoutIds(bare.records));
  expectIds(traced.records, '03');
  const ids = / {4}(trace_id|span_id|trace_flags): ".*"\n/g;
  expect(traced.pretty.match(ids)).toHaveLength(18);
  const isExpected = /expected: ".*"/g;
  expect(traced.pretty.replace(ids, '').replace(isExpected, '')).toBe(bare.pretty.replace(isExpected, ''));
});

test.each(['pino', 'winston'])('the example of the README of %s prints what it shows', async (library) => {
  const path = join(__dirname, '..', '..', 'packages', `instrumentation-${library}`, 'README.md');
  const readme = readFileSync(path, 'utf8');
  const [, example = ''] = /^```js\n(.*?)^```/ms.exec(readme) ?? [];
  const [, shown = ''] = /^```text\n(.*?)^```/ms.exec(readme) ?? [];
  const masked = (text: string) => text.replaceAll(/[\da-f]{32}|[\da-f]{16}/g, (id) => 'x'.repeat(id.length));
  const { code, stdout, stderr } = await run(['--input-type=module', '--eval', example]);
  expect({ code, stdout: masked(stdout), stderr }).toEqual({ code: 0, stdout: masked(shown), stderr: '' });
});
