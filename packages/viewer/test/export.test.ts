import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeTraces } from '../src/decode-traces.ts';
import { traceToDot } from '../src/dot.ts';
import { traceToOtlp } from '../src/otlp-trace.ts';
import { TraceStore } from '../src/store.ts';
import { clew } from './clew-process.ts';
import { ORDER, sketch, TRACE_ID } from './sample-trace.ts';

let folder: string;
let store: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'clew-export-'));
  store = join(folder, 'traces.db');
  const traces = new TraceStore({ file: store });
  traces.add(ORDER.spans);
  traces.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('--html writes one file that contains the page and the trace', async () => {
  const file = join(folder, 'trace.html');
  const result = await clew(['export', '--html', '--output', file, '--store', store]);
  expect(result).toEqual({ status: 0, stdout: '', stderr: '' });
  const html = readFileSync(file, 'utf8');
  const [, data = ''] = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html) ?? [];
  expect(JSON.parse(data)).toMatchObject({ traceId: TRACE_ID });
  expect(html.length - data.length).toBeLessThan(150_000);
  expect(html).not.toMatch(/(src|href)="(?!data:)/);
});

test('--json writes what the API responds', async () => {
  const { stdout } = await clew(['export', TRACE_ID.slice(0, 8), '--json', '--store', store]);
  expect(JSON.parse(stdout).spans).toHaveLength(ORDER.spans.length);
});

test('--otlp writes what a collector reads as the same spans', async () => {
  const { stdout } = await clew(['export', '--otlp', '--store', store]);
  const spans = decodeTraces(Buffer.from(stdout), 'application/json');
  const byId = (a: { spanId: string }, b: { spanId: string }) => (a.spanId < b.spanId ? -1 : 1);
  expect([...spans].sort(byId)).toEqual([...ORDER.spans].sort(byId));
});

test('OTLP keeps the types of attributes', () => {
  const attributes = {
    text: 'a',
    whole: 3,
    large: 2n ** 60n,
    part: 0.5,
    yes: true,
    bytes: new Uint8Array([1, 2]),
    list: ['a', 1],
    map: { a: 1 },
  };
  const body = JSON.stringify(traceToOtlp(sketch([{ id: '1', name: 'x', attributes }])));
  const spans = decodeTraces(Buffer.from(body), 'application/json');
  expect(spans[0]?.attributes).toEqual(attributes);
});

test('--dot writes a graph with a node for each span, and escapes names', async () => {
  const { stdout } = await clew(['export', '--dot', '--store', store]);
  expect(stdout).toMatch(/^digraph "4bf92f3577b34da6a3ce929d0e0e4736" \{\n/);
  expect(stdout.match(/\[label=/g)).toHaveLength(ORDER.spans.length);
  expect(stdout.match(/ -> /g)).toHaveLength(ORDER.spans.length - 1);
  const hostile = traceToDot(sketch([{ id: '1', name: 'a"];\nb\\' }]));
  expect(hostile).toContain('[label="a\\"];\\\\nb\\\\\\nshop\\n1.00 ms"]');
});

test.each([
  [['export'], 'expected one of --html, --json, --dot and --otlp'],
  [['export', '--html', '--json'], 'expected one of --html, --json, --dot and --otlp'],
  [['export', 'xyz', '--json'], 'expected 4 to 32 hex digits of a trace id, got "xyz"'],
])('rejects %j', async (args, message) => {
  expect(await clew(args)).toEqual({ status: 2, stdout: '', stderr: `clew: ${message} (see clew --help)\n` });
});
