import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CLI, clew, NO_LISTENER, type Running, startCollect } from './clew-process.ts';
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

describe('clew show', () => {
  test('draws the last trace of a collector', async () => {
    const { status, stdout, stderr } = await clew(['show', '--from', running.url]);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      /GET \/möhren .*shop +SRV .*5\.00 ms\n└─ SELECT ◆1 ↗1 .*CLI .*1\.00 ms\n {4}✗ no such table\n$/,
    );
    expect(stdout).not.toContain('\x1b');
  });

  test('finds a trace by the first digits of its id, also in a file', async () => {
    const { stdout } = await clew(['show', '--json', '--store', store]);
    const { traceId, spans } = JSON.parse(stdout);
    expect(spans).toHaveLength(2);
    const byPrefix = await clew([
      'show',
      traceId.slice(0, 6),
      '--store',
      store,
      '--width',
      '80',
      '--attributes',
    ]);
    expect(byPrefix.stdout).toContain(`trace ${traceId}`);
    expect(byPrefix.stdout).toContain('text: käse');
    expect((await clew(['show', traceId.toUpperCase(), '--from', running.url])).status).toBe(0);
  });

  test('--logs shows the log records below their spans, of a collector and of its file', async () => {
    const { stdout: json } = await clew(['show', '--json', '--store', store]);
    const [{ traceId, spanId }] = JSON.parse(json).spans;
    const logRecords = [{ traceId, spanId, severityNumber: 13, body: { stringValue: 'käse\x1b[2J' } }];
    const { status } = await fetch(`${running.url}/v1/logs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] }),
    });
    expect(status).toBe(200);
    for (const source of [
      ['--from', running.url],
      ['--store', store],
    ]) {
      expect((await clew(['show', ...source])).stdout).not.toContain('WARN');
      expect((await clew(['show', '--logs', ...source])).stdout).toMatch(/≡ WARN at 0 ms: käse\\x1b\[2J\n/);
    }
  });

  test('--ascii draws with ASCII characters, --errors finds the failed trace', async () => {
    const { stdout } = await clew(['show', '--errors', '--ascii', '--from', running.url]);
    expect(stdout.replaceAll('möhren', '')).toMatch(/^[\x20-\x7e\n]+$/);
    expect(stdout).toContain('x no such table');
  });

  test('--json escapes terminal control characters, with the same JSON value', async () => {
    const hostile = 'a\x1b[2J\x9b31m\x7f\u202etxt';
    const ids = { traceId: 'c'.repeat(32), spanId: 'd'.repeat(16) };
    const body = { resourceSpans: [{ scopeSpans: [{ spans: [{ ...ids, name: hostile }] }] }] };
    const own = await startCollect();
    await fetch(`${own.url}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    for (const command of ['show', 'list']) {
      const { stdout } = await clew([command, '--json', '--from', own.url]);
      expect(stdout.trimEnd()).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      expect(stdout).toContain('\\u009b');
      const parsed = JSON.parse(stdout);
      expect(parsed.name ?? parsed.spans[0].name).toBe(hostile);
    }
    await own.end('SIGTERM');
  });

  test('--svg writes an image', async () => {
    const file = join(folder, 'trace.svg');
    expect((await clew(['show', '--svg', file, '--from', running.url])).status).toBe(0);
    expect(readFileSync(file, 'utf8')).toMatch(/^<svg .*GET \/möhren.*<\/svg>\n$/s);
  });

  test.each([
    [[], {}, false],
    [[], { FORCE_COLOR: '1' }, true],
    [[], { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
    [[], { FORCE_COLOR: '0' }, false],
    [[], { NO_COLOR: '1' }, false],
    [['--no-color'], { FORCE_COLOR: '1' }, false],
    [['--color'], { NO_COLOR: '1' }, true],
  ])('with %j and %j, colours are %s if the output is not a terminal', async (args, env, colours) => {
    const { stdout } = await clew(['show', ...args, '--from', running.url], env);
    expect(stdout.includes('\x1b[')).toBe(colours);
  });

  test.each([
    [
      'a collector that is not running',
      ['--from', NO_LISTENER],
      'no collector responds at http://127.0.0.1:1 (clew view starts one)',
    ],
    ['a missing trace', ['dddddd', '--store', 'STORE'], 'no trace dddddd in STORE'],
    ['a missing file', ['--store', 'NOWHERE'], "can't read the store NOWHERE: unable to open database file"],
  ])('reports %s in one line, with status 1', async (_, args, message) => {
    const resolved = (text: string) =>
      text.replaceAll('STORE', store).replaceAll('NOWHERE', join(folder, 'nowhere.db'));
    const { status, stdout, stderr } = await clew(['show', ...args.map(resolved)]);
    expect([status, stdout, stderr]).toEqual([1, '', `clew: ${resolved(message)}\n`]);
    expect(existsSync(join(folder, 'nowhere.db'))).toBe(false);
  });

  test("a collector's message cannot control the terminal", async () => {
    const server = createServer((_, response) => {
      response.writeHead(400).end(JSON.stringify({ error: 'no\x1b[2J' }));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { stderr } = await clew(['show', 'abcdef', '--from', `http://127.0.0.1:${port}`]);
    expect(stderr).toBe(`clew: the collector at http://127.0.0.1:${port} responded: no\\x1b[2J\n`);
    server.close();
  });

  test('reports an invalid response of another server', async () => {
    const server = createServer((_, response) => response.end('<html>')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { status, stderr } = await clew(['show', 'abcdef', '--from', `http://127.0.0.1:${port}`]);
    expect([status, stderr]).toEqual([
      1,
      `clew: the collector at http://127.0.0.1:${port} responded: HTTP 200\n`,
    ]);
    server.close();
  });
});

describe('clew list', () => {
  test('prints a table that fits 80 columns', async () => {
    const { stdout } = await clew(['list', '--from', running.url, '--width', '80']);
    const [head, line, ...more] = stdout.trimEnd().split('\n');
    expect(head).toMatch(/^trace +start +duration +spans +errors +service +name$/);
    expect(line).toMatch(/^[0-9a-f]{12} 12:00:00Z +5\.00 ms +2 +1 +shop +GET \/möhren$/);
    expect(more).toEqual([]);
  });

  test('fits 40 columns', async () => {
    const { stdout } = await clew(['list', '--from', running.url, '--width', '40']);
    const lines = stdout.trimEnd().split('\n');
    expect(lines[1]).toMatch(/^[0-9a-f]{8} +5\.00 ms GET \/möhren$/);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(40);
  });

  test('filters', async () => {
    const ask = async (...args: string[]) =>
      (await clew(['list', '--json', '--store', store, ...args])).stdout;
    expect(JSON.parse(await ask('--service', 'shop', '--errors', '--min-ms', '4.5'))).toMatchObject({
      spans: 2,
    });
    expect(await ask('--service', 'nobody')).toBe('');
    expect(await ask('--min-ms', '6')).toBe('');
  });

  test('exits without an error when the reader closes the pipe', async () => {
    const child = spawn(process.execPath, [CLI, 'list', '--from', running.url]);
    child.stdout.destroy();
    let stderr = '';
    child.stderr.on('data', (data) => {
      stderr += data;
    });
    const [status] = await once(child, 'exit');
    expect([status, stderr]).toEqual([0, '']);
  });
});
