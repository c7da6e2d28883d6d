import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CLI, clew, type Running, startCollect } from './clew-process.ts';
import { exportSample } from './exported-bytes.ts';

let folder: string;
let running: Running;
let store: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'clew-cli-'));
  store = join(folder, 'traces.db');
  running = await startCollect('--store', store);
  await exportSample('application/x-protobuf', running.url, 'gzip');
});
afterAll(async () => {
  running.process.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

describe('filters', () => {
  test.each([
    [['--route', 'GET /möhren', '--text', 'MÖHREN'], 0],
    [['--route', 'GET /möhren'], 1],
    [['--service', 'shop', '--errors', '--min-ms', '1', '--max-ms', '10'], 1],
    [['--attribute', 'service.name=shop'], 1],
    [['--attribute', 'service.name=shop', '--attribute', 'service.name=other'], 0],
    [['--status', '5xx'], 0],
  ])('%j finds the traces of a collector and of its file', async (filter, count) => {
    for (const from of [
      ['--from', running.url],
      ['--store', store],
    ]) {
      const { status, stdout } = await clew(['list', '--json', ...from, ...filter]);
      expect([status, stdout.split('\n').length - 1]).toEqual([0, count]);
    }
  });
});

test('tail prints a new trace once it is complete', async () => {
  const collector = await startCollect();
  const tail = spawn(process.execPath, [CLI, 'tail', '--from', collector.url, '--json', '--service', 'shop']);
  let output = '';
  tail.stdout.on('data', (data) => {
    output += data;
  });
  const spans = [{ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), name: 'late', kind: 2 }];
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] };
  const send = () =>
    fetch(`${collector.url}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }] }),
    });
  // What was received before the command has started is not printed: send new ones until one is.
  for (let number = 0; !output.includes('\n'); number++) {
    spans[0]!.traceId = number.toString(16).padStart(32, 'a');
    await send();
    await Promise.race([once(tail.stdout, 'data'), sleep(1000)]);
  }
  expect(JSON.parse(output.split('\n')[0]!)).toMatchObject({ name: 'late', spans: 1 });
  const exit = once(tail, 'exit');
  tail.kill('SIGINT');
  expect((await exit)[0]).toBe(0);
  await collector.end('SIGINT');
});

describe('clew collect', () => {
  test('prints one line with its address', () => {
    expect(running.output()).toMatch(/^clew: listening on http:\/\/127\.0\.0\.1:\d+\n$/);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)(
    'exits with status 0 on %s, even with an open connection',
    async (signal) => {
      const collector = await startCollect();
      await (await fetch(`${collector.url}/api/traces`)).text();
      expect(await collector.end(signal)).toBe(0);
    },
  );

  test('--live prints a line for each trace, at the latest on exit', async () => {
    const collector = await startCollect('--live');
    await exportSample('application/json', collector.url, 'none');
    await collector.end('SIGINT');
    const lines = collector.output().trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[1]).toMatch(/^trace +start +duration +spans +errors +service +name$/);
    expect(lines[2]).toMatch(/^[0-9a-f]{12} 12:00:00Z +5\.00 ms +2 +1 +shop +GET \/möhren$/);
  });

  test('reports a port in use, with status 1', async () => {
    const { status, stderr } = await clew(['collect', '--port', new URL(running.url).port]);
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/^clew: port \d+ is in use: choose another with --port\n$/),
    ]);
  });

  test('rejects a file that is not a trace store, with status 1', async () => {
    const file = join(folder, 'notes.txt');
    writeFileSync(file, 'not a store '.repeat(100));
    const { status, stderr } = await clew(['collect', '--port', '0', '--store', file]);
    expect([status, stderr]).toEqual([1, `clew: can't open the store ${file}: file is not a database\n`]);
  });
});
