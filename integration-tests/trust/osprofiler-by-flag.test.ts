// Traces with OSProfiler, configured by the preload flag and environment variables alone.
import { type ChildProcess, spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const KEY = 'SECRET_KEY';
const BASE_ID = '3f2b6c1e-8d47-4a0e-9b6d-0c5a7e1f2d34';
const APPLICATION = `
import http from 'node:http';
const [, , backend] = process.argv;
const server = http.createServer((request, response) => {
  http.get(backend, (incoming) => incoming.resume().on('end', () => response.end('served')));
});
server.listen(0, '127.0.0.1', () => process.send(server.address().port));
`;
const VARIABLES = {
  OTEL_PROPAGATORS: 'osprofiler,tracecontext',
  CLEW_OSPROFILER_HMAC_KEYS: `OTHER_KEY, ${KEY}`,
  OTEL_TRACES_SAMPLER: 'parentbased_always_off',
  OTEL_TRACES_EXPORTER: 'none',
};
const packages = join(__dirname, '..', '..', 'packages');

let backend: http.Server;
let received: http.IncomingHttpHeaders = {};
const folders: string[] = [];

beforeAll(async () => {
  backend = http.createServer((request, response) => {
    received = request.headers;
    response.end();
  });
  backend.listen(0, '127.0.0.1');
  await once(backend, 'listening');
});
afterAll(() => {
  backend.close();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Creates a project outside this repository that contains these packages of Clew. */
function projectWith(...names: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'clew-osprofiler-'));
  folders.push(folder);
  const scope = join(folder, 'node_modules', '@clew');
  mkdirSync(scope, { recursive: true });
  for (const name of names) {
    for (const part of ['package.json', 'dist'])
      cpSync(join(packages, name, part), join(scope, name, part), { recursive: true });
  }
  for (const name of ['@opentelemetry', 'import-in-the-middle'])
    symlinkSync(join(packages, '..', 'node_modules', name), join(folder, 'node_modules', name), 'junction');
  writeFileSync(join(folder, 'application.mjs'), APPLICATION);
  return folder;
}

interface Served {
  readonly child: ChildProcess;
  readonly port: number;
  readonly warnings: () => string;
}

async function serve(folder: string, variables: Record<string, string>): Promise<Served> {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(OTEL_|CLEW_|NODE_OPTIONS$)/.test(name),
  );
  const url = `http://127.0.0.1:${(backend.address() as AddressInfo).port}/`;
  const child = spawn(process.execPath, ['--import', '@clew/node/register', 'application.mjs', url], {
    cwd: folder,
    env: { ...Object.fromEntries(inherited), ...variables },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let warnings = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    warnings += chunk.toString();
  });
  const [port] = (await once(child, 'message')) as [number];
  return { child, port, warnings: () => warnings };
}

async function stop({ child }: Served): Promise<void> {
  const closed = once(child, 'close');
  child.kill('SIGTERM');
  await closed;
}

async function request({ port }: Served, headers: http.OutgoingHttpHeaders): Promise<void> {
  received = {};
  const [response] = (await once(
    http.get({ port, host: '127.0.0.1', headers, agent: false }),
    'response',
  )) as [http.IncomingMessage];
  response.resume();
  await once(response, 'end');
}

const hmacOf = (info: string) => createHmac('sha1', KEY).update(info).digest('hex');

test('continues a signed trace, and signs outgoing requests with the same key', async () => {
  const served = await serve(
    projectWith('core', 'tracer', 'node', 'osprofiler', 'instrumentation-http'),
    VARIABLES,
  );
  const ids = { base_id: BASE_ID, parent_id: '77777777-1111-4222-8333-444444444444' };
  const info = Buffer.from(JSON.stringify(ids)).toString('base64');
  await request(served, { 'x-trace-info': info, 'x-trace-hmac': hmacOf(info) });
  const sent = String(received['x-trace-info']);
  expect(JSON.parse(Buffer.from(sent, 'base64url').toString()).base_id).toBe(BASE_ID);
  expect(received['x-trace-hmac']).toBe(hmacOf(sent));
  expect(received.traceparent).toContain(BASE_ID.replaceAll('-', ''));

  await request(served, {});
  expect(received['x-trace-info']).toBeUndefined();
  await stop(served);
  expect(served.warnings()).toBe('');
});

test('without @clew/osprofiler, logs one warning and uses the other formats', async () => {
  const served = await serve(projectWith('core', 'tracer', 'node', 'instrumentation-http'), VARIABLES);
  await request(served, {});
  expect(received['x-trace-info']).toBeUndefined();
  expect(received.traceparent).toMatch(/^00-/);
  await stop(served);
  expect(served.warnings().trim()).toMatch(
    /^\S* ?.*@clew\/node: "osprofiler" in OTEL_PROPAGATORS is left out: @clew\/osprofiler is not installed$/,
  );
});
