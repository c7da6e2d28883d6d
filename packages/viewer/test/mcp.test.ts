import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { type Collector, startCollector } from '../src/collector.ts';
import { TraceStore } from '../src/store.ts';
import { CLI, clew, NO_LISTENER } from './clew-process.ts';
import { logRecord } from './sample-logs.ts';
import { ORDER, sketch, TRACE_ID } from './sample-trace.ts';

const FASTER = 'aaaa2f3577b34da6a3ce929d0e0e4736';

let folder: string;
let collector: Collector;
let clients: Client[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'clew-mcp-'));
  collector = await startCollector({ port: 0, store: join(folder, 'traces.db') });
  collector.store.add(ORDER.spans);
  collector.store.addLogs([
    logRecord({ body: 'all is well' }),
    logRecord({ severityNumber: 17, body: 'the card \u001b[31mis declined' }),
  ]);
  const get = { id: 'b1', name: 'GET /basket', service: 'gateway', kind: 'SERVER', ms: 3 } as const;
  collector.store.add(
    sketch([get, { id: 'b2', parent: 'b1', name: '\u001b[31m</script>', ms: 1 }], FASTER).spans,
  );
});
afterEach(async () => {
  for (const client of clients) await client.close();
  clients = [];
});
afterAll(async () => {
  await collector.close();
  rmSync(folder, { recursive: true, force: true });
});

async function connect(...args: readonly string[]): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' });
  clients.push(client);
  await client.connect(new StdioClientTransport({ command: process.execPath, args: [CLI, 'mcp', ...args] }));
  return client;
}

async function call(name: string, args: Record<string, unknown> = {}, from = collector.url) {
  const connected = await connect('--from', from);
  const { content, isError } = await connected.callTool({ name, arguments: args });
  return { text: (content as { text: string }[])[0]!.text, isError };
}

test('an agent finds tools that only read', async () => {
  const { tools } = await (await connect('--from', collector.url)).listTools();
  expect(tools.map(({ name }) => name)).toEqual([
    'list_traces',
    'show_trace',
    'slowest_routes',
    'compare_traces',
  ]);
  for (const { annotations } of tools) expect(annotations?.readOnlyHint).toBe(true);
});

test('list_traces lists whole trace ids, newest first', async () => {
  const { text } = await call('list_traces');
  const [head, newest, oldest] = text.split('\n');
  expect(head).toMatch(/^trace .* duration .* errors .* name$/);
  expect(newest).toContain(FASTER);
  expect(newest).toContain('GET /basket');
  expect(oldest).toContain(TRACE_ID);
});

test('list_traces finds the last errors', async () => {
  const { text } = await call('list_traces', {
    errors: true,
    service: 'gateway',
    minDurationMs: 1,
    limit: 5,
  });
  expect(text).toContain(TRACE_ID);
  expect(text).not.toContain(FASTER);
  expect((await call('list_traces', { status: '5xx' })).text).toBe('No trace fulfils these conditions.');
});

test('show_trace draws a trace by the first digits of its id, with escaped names', async () => {
  const order = (await call('show_trace', { traceId: TRACE_ID.slice(0, 6) })).text;
  expect(order).toContain('POST /orders');
  expect(order).not.toContain('http.route');
  expect((await call('show_trace', { traceId: TRACE_ID, attributes: true })).text).toContain('http.route');
  expect((await call('show_trace', { traceId: FASTER })).text).not.toContain('\u001b');
});

test('show_trace has the log records of errors, or all', async () => {
  const errors = (await call('show_trace', { traceId: TRACE_ID })).text;
  expect(errors).toContain('# ERROR at 1.00 ms: the card \\x1b[31mis declined');
  expect(errors).not.toContain('all is well');
  expect((await call('show_trace', { traceId: TRACE_ID, logs: true })).text).toContain(
    '# INFO at 1.00 ms: all is well',
  );
});

test('slowest_routes lists requests and messages, or what they call', async () => {
  const { text } = await call('slowest_routes');
  expect(text.split('\n').slice(0, 2)).toEqual([
    expect.stringMatching(/^ +p99 +p50 +calls +errors +operation$/),
    expect.stringMatching(/^84\.2 ms +84\.2 ms +1 +1 +gateway SRV POST \/orders$/),
  ]);
  expect(text).toContain('gateway SRV GET /basket');
  expect(text).not.toMatch(/ CLI | PRO /);
  expect((await call('slowest_routes', { calls: true })).text).not.toMatch(/ SRV | CON /);
});

test('compare_traces lists the greatest change first', async () => {
  const { text } = await call('compare_traces', { before: FASTER, after: TRACE_ID });
  const [before, after, , first] = text.split('\n');
  expect(before).toBe(`before: ${FASTER}, 2 spans`);
  expect(after).toBe(`after:  ${TRACE_ID}, ${ORDER.spans.length} spans`);
  expect(first).toMatch(/^ *- > \d/);
  expect(text).toMatch(/\d ms > - .* 0 gateway SRV GET \/basket/);
});

test('a store is read without its collector', async () => {
  const file = join(folder, 'closed.db');
  const store = new TraceStore({ file });
  store.add(ORDER.spans);
  store.close();
  const connected = await connect('--store', file);
  for (const name of ['list_traces', 'slowest_routes']) {
    const { content } = await connected.callTool({ name, arguments: {} });
    expect(JSON.stringify(content)).toContain('POST /orders');
  }
});

test.each([
  ['show_trace', {}, 'expected traceId as 4 to 32 hex digits of a trace id, got undefined'],
  ['show_trace', { traceId: '../x' }, 'expected traceId as 4 to 32 hex digits of a trace id, got "../x"'],
  ['show_trace', { traceId: 'ffffffff' }, expect.stringMatching(/: no trace ffffffff$/)],
  ['list_traces', { limit: 1e9 }, 'expected limit in [1, 100], got 1000000000'],
  ['list_traces', { status: 'x' }, 'expected status as 404 or 4xx, got "x"'],
  ['list_traces', { attribute: 'x' }, 'expected attribute as key=value, got "x"'],
  ['remove_traces', {}, 'there is no tool "remove_traces"'],
])('%s with %j is an error with its reason', async (name, args, message) => {
  expect(await call(name, args)).toEqual({ text: message, isError: true });
});

test('without a collector, a call reports how to start one', async () => {
  const { text, isError } = await call('list_traces', {}, NO_LISTENER);
  expect(isError).toBe(true);
  expect(text).toContain('clew view');
});

test('compare_traces lists the greatest of very many differences', async () => {
  const id = 'cccc2f3577b34da6a3ce929d0e0e4736';
  const spans = Array.from({ length: 150_000 }, (_, index) => ({
    id: (index + 1).toString(16),
    name: `work ${index}`,
  }));
  collector.store.add(sketch(spans, id).spans);
  const { text, isError } = await call('compare_traces', { before: FASTER, after: id });
  expect(isError).toBe(false);
  expect(text).toMatch(/\n\(1497\d\d smaller differences are left out\)$/);
}, 120_000);

test('a large trace is cut after a line', async () => {
  const id = 'bbbb2f3577b34da6a3ce929d0e0e4736';
  const spans = Array.from({ length: 2000 }, (_, index) => ({
    id: (index + 1).toString(16),
    name: `work ${index}`,
  }));
  collector.store.add(sketch(spans, id).spans);
  const { text } = await call('show_trace', { traceId: id });
  expect(text.length).toBeLessThan(40_100);
  expect(text).toMatch(/\n\(\d+ more lines are left out\)$/);
});

test('without the SDK, the command names the package to install', async () => {
  const hide = `import { registerHooks } from 'node:module';
    registerHooks({ resolve(name, context, next) { return next(name.replace(/^@modelcontextprotocol/, '@missing'), context); } });`;
  const result = await clew(['mcp'], {
    NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(hide)}`,
  });
  expect(result).toEqual({
    status: 1,
    stdout: '',
    stderr: 'clew: clew mcp needs a package: npm install @modelcontextprotocol/server\n',
  });
});
