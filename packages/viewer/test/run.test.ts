import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { CLI, clew } from './clew-process.ts';

const PROGRAM = join(__dirname, 'programs', 'request.mjs');

/** An application that sends one trace of this many spans, and is not traced itself. */
function sends(spans: number): string[] {
  const program = join(__dirname, 'programs', 'send-spans.mjs');
  return ['env', '-u', 'NODE_OPTIONS', process.execPath, program, String(spans)];
}

test('run traces an application, draws its traces, and ends with its status', async () => {
  const { status, stdout, stderr } = await clew(['run', '--', process.execPath, PROGRAM, '7']);
  expect([status, stdout]).toEqual([7, 'done\n']);
  expect(stderr).toMatch(/^clew: the traces are shown at http:\/\/127\.0\.0\.1:\d+\/\n/);
  expect(stderr.match(/^GET +\S+ +(SRV|CLI)|^└─ GET/gm)?.length).toBeGreaterThan(1);
  expect(stderr).toMatch(/ended with status 7; 2 traces, 4 spans\n$/);
});

test('run --errors --lines prints only failed traces, one line each', async () => {
  const { stderr } = await clew(['run', '--errors', '--lines', '--', process.execPath, PROGRAM]);
  const lines = stderr.split('\n').filter((line) => /^[0-9a-f]{8}/.test(line));
  expect(lines).toHaveLength(1);
});

test.each([
  ['prints a trace of one span as one line', 1, 0],
  ['draws a trace of two spans', 2, 1],
  ['draws a trace of 2,000 spans', 2000, 1],
  ['prints a trace of more spans as one line', 2001, 0],
])('run %s', async (_, spans, pictures) => {
  const { status, stderr } = await clew(['run', '--', ...sends(spans)]);
  expect([status, stderr.match(/^trace c1ea/gm)?.length ?? 0]).toEqual([0, pictures]);
  expect(stderr.match(/^c1eac1eac1ea/gm)?.length ?? 0).toBe(1 - pictures);
});

test('run counts one trace with one span in the singular', async () => {
  const { stderr } = await clew(['run', '--', ...sends(1)]);
  expect(stderr).toMatch(/^clew: env ended with status 0; 1 trace, 1 span$/m);
});

test.each([
  ['SIGKILL', 137],
  ['SIGTERM', 143],
])('run ends with the status that shells use if %s has killed the application', async (signal, expected) => {
  const script = `process.kill(process.pid, '${signal}'); setInterval(() => {}, 1000)`;
  const { status, stderr } = await clew(['run', '--', process.execPath, '-e', script]);
  expect(status).toBe(expected);
  expect(stderr).toMatch(new RegExp(`ended with ${signal}; 0 traces, 0 spans\\n$`));
});

test.each(['SIGINT', 'SIGTERM'] as const)(
  'run --keep continues until %s, and ends with the status of the application',
  async (signal) => {
    const child = spawn(process.execPath, [
      CLI,
      'run',
      '--keep',
      '--',
      process.execPath,
      '-e',
      'process.exit(3)',
    ]);
    let output = '';
    child.stderr.on('data', (data) => {
      output += data;
    });
    while (!output.includes('ended with status 3')) await once(child.stderr, 'data');
    const url = /http:\S+/.exec(output)![0];
    expect((await fetch(url)).status).toBe(200);
    const exit = once(child, 'exit');
    child.kill(signal);
    expect(await exit).toEqual([3, null]);
  },
);

test.each([
  [['run'], 2, 'expected a command: clew run -- node app.js (see clew --help)'],
  [['run', '--', 'no-such-command'], 1, 'no-such-command: command not found'],
])('%j ends with status %i', async (args, status, message) => {
  const result = await clew(args);
  expect(result.status).toBe(status);
  expect(result.stderr).toContain(`clew: ${message}\n`);
});
