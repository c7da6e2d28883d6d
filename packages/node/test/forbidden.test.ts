import { program, run } from './child.ts';

async function start(what: string) {
  const { stdout, stderr, code } = await run([program('forbids.mjs'), what]);
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('    at ')]);
  return { ...(JSON.parse(stdout) as object), lines: stderr.split('\n').filter((line) => line !== '') };
}

const TRACED = { status: 200, spans: ['GET', 'GET /orders/:id'] };

test('where nothing is forbidden all is traced, without a line', async () => {
  expect(await start('nothing')).toEqual({ ...TRACED, lines: [] });
});

test.each([
  [
    'hooks',
    /^clew warn: .*does not allow module hooks: modules that CommonJS loads are traced.* forbidden here$/,
  ],
  [
    'listeners',
    /^clew warn: .*the end of the process cannot be watched here: call flush\(\) before it forbidden/,
  ],
])('where the host forbids %s all else is traced, with one line', async (what, line) => {
  expect(await start(what)).toEqual({ ...TRACED, lines: [expect.stringMatching(line)] });
});

test.each(['the working directory', 'the path of Node'])('without %s all is traced', async (what) => {
  expect(await start(what)).toEqual({ ...TRACED, lines: [] });
});

test.each(['channels', 'builtins'])(
  'where the host forbids %s the application works, and lines say what is lost',
  async (what) => {
    const { lines, ...served } = await start(what);
    expect(served).toMatchObject({ status: 200 });
    expect(lines).not.toEqual([]);
    for (const line of lines) expect(line).toMatch(/^clew (warn|error): .*forbidden here$/);
  },
);

test('where the global object cannot be extended init() throws one clear line, and the application works', async () => {
  expect(await start('globals')).toEqual({
    status: 200,
    spans: [],
    failure: expect.stringMatching(/^@clew\/node: could not start, and nothing is traced: .*not extensible/),
    lines: [],
  });
});

test('an init() that throws half-way has undone what it did, and the next one works', async () => {
  expect(await start('the context')).toEqual({
    ...TRACED,
    failure: '@clew/node: could not start, and nothing is traced: forbidden here',
    lines: ['false,true'],
  });
});
