import { program, run } from './child.ts';

async function start(what: string) {
  const { stdout, stderr, code } = await run([program('forbids.mjs'), what]);
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('    at ')]);
  return { ...(JSON.parse(stdout) as object), lines: stderr.split('\n').filter((line) => line !== '') };
}

const TRACED = { status: 200, spans: ['GET', 'GET /orders/:id'] };

test('without restrictions everything is traced and nothing is logged', async () => {
  expect(await start('nothing')).toEqual({ ...TRACED, lines: [] });
});

test.each([
  ['hooks', /^clew warn: .*does not allow module hooks: only modules loaded as CommonJS.* forbidden here$/],
  [
    'listeners',
    /^clew warn: .*exit events are not available here: call flush\(\) before the process exits forbidden/,
  ],
])('if the host forbids %s, everything else is traced, with one log line', async (what, line) => {
  expect(await start(what)).toEqual({ ...TRACED, lines: [expect.stringMatching(line)] });
});

test.each(['the working directory', 'the path of Node'])(
  'an application without %s is traced',
  async (what) => {
    expect(await start(what)).toEqual({ ...TRACED, lines: [] });
  },
);

test.each(['channels', 'builtins'])(
  'if the host forbids %s, the application works, and the log reports it',
  async (what) => {
    const { lines, ...served } = await start(what);
    expect(served).toMatchObject({ status: 200 });
    expect(lines).not.toEqual([]);
    for (const line of lines) expect(line).toMatch(/^clew (warn|error): .*forbidden here$/);
  },
);

test('if the global object cannot be extended, init() throws one clear error, and the application works', async () => {
  expect(await start('globals')).toEqual({
    status: 200,
    spans: [],
    failure: expect.stringMatching(/^@clew\/node: could not start, and nothing is traced: .*not extensible/),
    lines: [],
  });
});

test('init() that throws half-way undoes its changes, and the next call works', async () => {
  expect(await start('the context')).toEqual({
    ...TRACED,
    failure: '@clew/node: could not start, and nothing is traced: forbidden here',
    lines: ['false,true'],
  });
});
