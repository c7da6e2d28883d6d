import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spansOfPoints } from '../src/importing/point-pairs.ts';
import { readTraces } from '../src/importing/read-traces.ts';
import { traceToOtlp } from '../src/otlp-trace.ts';
import { TraceStore } from '../src/store.ts';
import { clew, startCollect } from './clew-process.ts';
import { ORDER, TRACE_ID } from './sample-trace.ts';

const START = 1_782_907_200_000_000;

const JAEGER = {
  data: [
    {
      traceID: 'abc',
      spans: [
        {
          traceID: 'abc',
          spanID: '1',
          operationName: 'GET /a',
          references: [],
          startTime: START,
          duration: 1500.5,
          tags: [
            { key: 'span.kind', type: 'string', value: 'server' },
            { key: 'error', type: 'bool', value: true },
          ],
          logs: [{ timestamp: START + 5, fields: [{ key: 'event', type: 'string', value: 'retry' }] }],
          processID: 'p1',
        },
        {
          traceID: 'abc',
          spanID: '2',
          operationName: 'query',
          references: [
            { refType: 'CHILD_OF', traceID: 'abc', spanID: '1' },
            { refType: 'FOLLOWS_FROM', traceID: 'def', spanID: '3' },
          ],
          startTime: START + 10,
          duration: 5,
          processID: 'p1',
        },
      ],
      processes: { p1: { serviceName: 'shop', tags: [{ key: 'host.name', value: 'a' }] } },
    },
  ],
};

const ZIPKIN = [
  {
    traceId: 'abc',
    id: '1',
    name: 'get',
    kind: 'SERVER',
    timestamp: START,
    duration: 1000,
    localEndpoint: { serviceName: 'shop' },
    tags: { 'http.path': '/a', error: 'boom' },
    annotations: [{ timestamp: START + 5, value: 'retry' }],
  },
  { traceId: 'abc', id: '2', parentId: '1', name: 'query', timestamp: START + 10, duration: 5 },
];

const BASE = '3f2b6c1e-8d47-4a0e-9b6d-0c5a7e1f2d34';
const ROOT = '50a149aa-ecbd-4537-916d-a995bcd60b85';
const CHILD = 'bb8f7071-5b7c-481a-a3ad-b4139101f547';

function point(name: string, trace: string, parent: string, second: string, info = {}) {
  return {
    name,
    base_id: BASE,
    trace_id: trace,
    parent_id: parent,
    timestamp: `2026-07-01T12:00:0${second}`,
    info: { host: 'vm', ...info },
    project: 'keystone',
    service: 'public',
  };
}

const POINTS = [
  point('wsgi-stop', ROOT, BASE, '1.5'),
  point('db-start', CHILD, ROOT, '0.25', { db: { statement: 'SELECT 1', params: '{}' } }),
  point('wsgi-start', ROOT, BASE, '0.0', {
    request: { method: 'GET', path: '/v3', query: '', scheme: 'http' },
  }),
  point('db-stop', CHILD, ROOT, '0.500001', { etype: 'OperationalError', message: 'gone' }),
];

function report() {
  const node = (id: string, children: object[]) => ({
    trace_id: id,
    children,
    info: Object.fromEntries(
      POINTS.filter(({ trace_id }) => trace_id === id).map((each) => [`meta.raw_payload.${each.name}`, each]),
    ),
  });
  return { info: { name: 'total' }, children: [node(ROOT, [node(CHILD, [])])], stats: {} };
}

test('reads the JSON of Jaeger', () => {
  const [root, query] = readTraces(JSON.stringify(JAEGER));
  expect(root).toMatchObject({
    traceId: 'abc'.padStart(32, '0'),
    spanId: '0000000000000001',
    name: 'GET /a',
    kind: 'SERVER',
    startTimeUnixNano: BigInt(START) * 1000n,
    endTimeUnixNano: BigInt(START) * 1000n + 1_500_500n,
    events: [{ name: 'retry', timeUnixNano: BigInt(START) * 1000n + 5000n }],
    status: { code: 'ERROR' },
    resource: { attributes: { 'service.name': 'shop', 'host.name': 'a' } },
  });
  expect(query).toMatchObject({
    parentSpanId: '0000000000000001',
    links: [{ traceId: 'def'.padStart(32, '0'), spanId: '0000000000000003' }],
  });
});

test('reads the JSON of Zipkin', () => {
  const [root, query] = readTraces(JSON.stringify(ZIPKIN));
  expect(root).toMatchObject({
    name: 'get',
    kind: 'SERVER',
    attributes: { 'http.path': '/a' },
    status: { code: 'ERROR', message: 'boom' },
    events: [{ name: 'retry' }],
    resource: { attributes: { 'service.name': 'shop' } },
  });
  expect(query?.parentSpanId).toBe('0000000000000001');
});

test('reads what osprofiler trace show --json prints', () => {
  const spans = readTraces(JSON.stringify(report()));
  const [root, db] = ['GET /v3', 'db'].map((name) => spans.find((span) => span.name === name));
  expect(root).toMatchObject({
    traceId: '3f2b6c1e8d474a0e9b6d0c5a7e1f2d34',
    spanId: '916da995bcd60b85',
    kind: 'SERVER',
    startTimeUnixNano: 1_782_907_200_000_000_000n,
    endTimeUnixNano: 1_782_907_201_500_000_000n,
    attributes: { 'http.request.method': 'GET', 'url.path': '/v3', 'url.scheme': 'http' },
    resource: {
      attributes: { 'service.name': 'public', 'service.namespace': 'keystone', 'host.name': 'vm' },
    },
  });
  expect(root).not.toHaveProperty('parentSpanId');
  expect(db).toMatchObject({
    parentSpanId: root?.spanId,
    kind: 'CLIENT',
    endTimeUnixNano: 1_782_907_200_500_001_000n,
    attributes: { 'db.query.text': 'SELECT 1', 'error.type': 'OperationalError' },
    status: { code: 'ERROR', message: 'gone' },
  });
});

test('points in any order, twice or without the other half are spans', () => {
  const spans = spansOfPoints([...POINTS, ...POINTS, point('rpc-start', 'c', ROOT, '0.1')]);
  expect(spans).toHaveLength(3);
  const half = spans.find(({ name }) => name === 'rpc');
  expect(half?.endTimeUnixNano).toBe(half?.startTimeUnixNano);
});

test('reads OTLP and its own JSON, one trace or one a line', () => {
  const otlp = JSON.stringify(traceToOtlp(ORDER));
  expect(readTraces(otlp)).toHaveLength(ORDER.spans.length);
  expect(readTraces(`${otlp}\n${otlp}\n`)).toHaveLength(2 * ORDER.spans.length);
  const store = new TraceStore();
  store.add(ORDER.spans);
  expect(readTraces(store.traceJson(TRACE_ID)!)).toHaveLength(ORDER.spans.length);
  store.close();
});

test.each([
  ['not JSON', 'expected JSON, got something else in line 1'],
  ['{}', 'expected the JSON of OTLP, Jaeger, Zipkin'],
  ['{"data":[{"spans":[{"traceID":"xyz"}]}]}', 'expected at most 32 hex digits in traceID, got "xyz"'],
  ['{"data":[{"spans":[{"traceID":"a","startTime":-1}]}]}', 'expected microseconds in startTime, got -1'],
  ['[{"traceId":"a","id":5}]', 'expected at most 16 hex digits in id, got 5'],
  ['[1]', 'expected an object in span, got 1'],
  ['{"children":[{"info":{"meta.raw_payload.x":{"name":1}}}]}', 'expected a point with name'],
  ['{"resourceSpans":{}}', 'resourceSpans'],
])('rejects %s', (text, message) => {
  expect(() => readTraces(text)).toThrow(message);
});

describe('clew import', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'clew-import-'));
    writeFileSync(join(folder, 'zipkin.json'), JSON.stringify(ZIPKIN));
    writeFileSync(join(folder, 'report.json'), JSON.stringify(report()));
    writeFileSync(join(folder, 'wrong.json'), '{"a":1}');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('stores files in a store', async () => {
    const store = join(folder, 'traces.db');
    const files = [join(folder, 'zipkin.json'), join(folder, 'report.json')];
    const { status, stdout } = await clew(['import', ...files, '--store', store]);
    expect([status, stdout.split('\n')[0]]).toEqual([0, '4 spans in 2 traces imported']);
    const shown = await clew(['show', '3f2b6c1e', '--store', store]);
    expect(shown.stdout).toContain('└─ db');
  });

  test('sends files to a collector', async () => {
    const collector = await startCollect();
    const { status } = await clew(['import', join(folder, 'report.json'), '--to', collector.url]);
    expect(status).toBe(0);
    const { stdout } = await clew(['list', '--from', collector.url]);
    expect(stdout).toContain('GET /v3');
    await collector.end('SIGINT');
  });

  test.each([
    [['import'], 2, 'expected a file, - for the standard input, or the URL of a storage (see clew --help)'],
    [['import', 'a', '--to', 'nonsense'], 1, 'a: ENOENT'],
    [['import', 'wrong.json'], 1, 'wrong.json: expected the JSON of OTLP'],
  ])('%j fails with status %i', async (args, status, message) => {
    const paths = args.map((arg) => (arg === 'wrong.json' ? join(folder, arg) : arg));
    const result = await clew(paths);
    expect(result.status).toBe(status);
    expect(result.stderr).toContain(message);
  });
});
