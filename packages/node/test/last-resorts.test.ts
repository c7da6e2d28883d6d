import { copyFileSync, linkSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Collector, startCollector } from '@clew/viewer';
import { PRELOAD, program, start } from './child.ts';

let collector: Collector;
let folder: string;
beforeAll(async () => {
  collector = await startCollector({ port: 0 });
  folder = mkdtempSync(join(tmpdir(), 'clew-'));
});
afterAll(async () => {
  await collector.close();
  rmSync(folder, { recursive: true });
});

// Newer versions of Node require it even for sending.
const allowNet = process.allowedNodeEnvironmentFlags.has('--allow-net') ? ['--allow-net'] : [];
const PERMISSION = ['--no-warnings', '--permission', '--allow-fs-read=*', ...allowNet];
let count = 0;

/** Runs the program in that state; returns the names of the spans that arrive, and how the process ended. */
async function run(state: string, flags: readonly string[], first = '', executable = process.execPath) {
  const service = `service ${count++}`;
  const limit = state === 'without descriptors' ? 'ulimit -n 100; ' : '';
  const shell = ['-c', `${limit}exec "$0" "$@"`, executable];
  const args = [...flags, ...PRELOAD, program('last-resorts.mjs'), state, first];
  const running = start([...shell, ...args], variablesFor(service), __dirname, '/bin/sh');
  const names = () =>
    collector.store
      .traces({ service, limit: 9 })
      .map(({ name }) => name)
      .sort();
  if (first !== '') {
    while (names().length === 0) await Promise.race([sleep(10), running.ended]);
    running.process.kill('SIGUSR2');
  }
  return { ...(await running.ended), names: names() };
}

const variablesFor = (service: string) => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
  OTEL_SERVICE_NAME: service,
  OTEL_BSP_SCHEDULE_DELAY: '10',
});

test('without its executable, removed by an update, its last spans arrive', async () => {
  const executable = join(folder, 'node');
  try {
    linkSync(process.execPath, executable);
  } catch {
    copyFileSync(process.execPath, executable);
  }
  const ended = await run('without its executable', ['--no-warnings'], '', executable);
  expect(ended).toMatchObject({ code: 3, names: ['last'], stdout: '', stderr: '' });
});

/** Older Nodes hook ES modules on a thread, which needs a permission: the start reports it. */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const hooksNeedThread = (major === 22 && minor < 22) || (major === 24 && minor < 11);
const WITHOUT_THREAD = hooksNeedThread
  ? expect.stringMatching(/^clew warn: @clew\/node: this environment does not allow module hooks.*\n$/)
  : '';

test.each([
  ['--allow-child-process', WITHOUT_THREAD],
  ['--allow-worker', ''],
])('under --permission %s its last spans arrive', async (flag, stderr) => {
  const ended = await run('as usual', [...PERMISSION, flag]);
  expect(ended).toMatchObject({ code: 3, names: ['last'], stdout: '', stderr });
});

test('under --permission alone its last spans arrive over a connection that is open', async () => {
  const ended = await run('as usual', PERMISSION, 'after an export');
  expect(ended).toMatchObject({ code: 3, names: ['first', 'last'], stdout: '', stderr: WITHOUT_THREAD });
});

test('under --permission alone, before a first export, one log line reports the loss and its reason', async () => {
  const ended = await run('as usual', PERMISSION);
  expect(ended).toMatchObject({ code: 3, names: [], stdout: '' });
  expect(ended.stderr).toMatch(
    hooksNeedThread
      ? // Node's message does not name the missing permission there.
        /\nclew warn: @clew\/node: 1 spans were lost .* restricted; .* restricted; no open connection\. Await flush\(\) .*\n$/
      : /^clew warn: @clew\/node: 1 spans were lost .* --allow-child-process .* --allow-worker .*\n$/,
  );
});

test('without file descriptors its last spans arrive over a connection that is open', async () => {
  const ended = await run('without descriptors', [], 'after an export');
  expect(ended).toMatchObject({ code: 3, names: ['first', 'last'], stdout: 'EMFILE\n', stderr: '' });
});

test('without file descriptors, before a first export, one log line reports the loss and its reason', async () => {
  const ended = await run('without descriptors', []);
  expect(ended).toMatchObject({ code: 3, names: [], stdout: 'EMFILE\n' });
  expect(ended.stderr).toMatch(
    /(?:^|\n)clew warn: @clew\/node: 1 spans were lost .* EMFILE; no open connection.*\n$/,
  );
});

test('with frozen intrinsics its last spans arrive', async () => {
  const ended = await run('as usual', ['--no-warnings', '--frozen-intrinsics']);
  expect(ended).toMatchObject({ code: 3, names: ['last'] });
});

test('an unreachable receiver causes one log line', async () => {
  const running = start([...PRELOAD, program('last-resorts.mjs'), 'as usual'], {
    ...variablesFor('unheard'),
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
  });
  const { code, stderr } = await running.ended;
  expect(code).toBe(3);
  expect(stderr).toMatch(/^clew warn: @clew\/node: 1 spans were lost .*was unreachable or rejected.*\n$/);
});
