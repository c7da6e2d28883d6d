import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from '../run-program.ts';

interface Frame {
  readonly package: string;
  readonly name: string | undefined;
  /** The source line of the frame in the published file. */
  readonly code: string;
  /** The file of the repository that the published line comes from. */
  readonly source: string;
}

const PACKAGES = join(__dirname, '..', '..', 'packages');
const FRAME = /^ {4}at (?:(\S+) \()?.*[\\/]packages[\\/]([\w-]+)[\\/]dist[\\/]([\w-]+\.cjs):(\d+):\d+\)?$/;

let frames: Frame[];

beforeAll(async () => {
  const program = join(__dirname, 'programs', 'stacks.cjs');
  const { code, stdout } = await runProgram(['--import', '@clew/node/register', program], {
    variables: { OTEL_TRACES_EXPORTER: 'none' },
  });
  expect(code).toBe(0);
  frames = stdout.split('\n').flatMap(readFrame);
});

function readFrame(line: string): Frame[] {
  const [, name, folder, file, number] = FRAME.exec(line) ?? [];
  if (folder === undefined || file === undefined) return [];
  const lines = readFileSync(join(PACKAGES, folder, 'dist', file), 'utf8')
    .split('\n')
    .slice(0, Number(number));
  const source =
    /^\/\/! (src\/\S+)$/.exec(lines.findLast((each) => each.startsWith('//! ')) ?? '')?.[1] ?? '';
  return [{ package: folder, name, code: lines.at(-1) ?? '', source }];
}

test("a stack of the application names Clew's packages and functions", () => {
  // Older versions of V8 name a function as the receiver by its type.
  const shown = frames.map(
    ({ package: folder, name }) => `${folder}: ${name?.replace('Function.', 'router.')}`,
  );
  expect(shown.slice(0, 4)).toEqual([
    'instrumentation-express: Layer.handleRequest',
    'instrumentation-express: Layer.handleRequest',
    'instrumentation-express: router.handle',
    'instrumentation-http: proceed',
  ]);
  expect(shown).toContain('core: Operation.run');
  expect(frames.filter(({ name }) => name === undefined)).toEqual([]);
});

test('each frame shows one short statement, and the name of its source file is above it', () => {
  for (const { package: folder, code, source } of frames) {
    expect(code.length).toBeLessThanOrEqual(120);
    expect(code).toMatch(/^ +\S/);
    expect(code).not.toMatch(/;\s*\S/);
    expect(source).toMatch(/\.ts$/);
    expect(existsSync(join(PACKAGES, folder, source))).toBe(true);
  }
});

test('an uncaught error shows the short line that throws it', async () => {
  const { code, stderr } = await runProgram(['--eval', "require('@clew/node').init({ noOption: 1 })"]);
  expect(code).toBe(1);
  const [location, line] = stderr.split('\n');
  expect(location).toMatch(/dist[\\/][\w-]+\.cjs:\d+$/);
  expect(line).toMatch(/^ {2}.*throw new TypeError\(.{0,100}$/);
});
