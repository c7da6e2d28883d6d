// docs/coming-from-dd-trace.md: services with dd-trace and services with Clew in one chain.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Collector, startCollector } from '@clew/viewer';
import { blockOf, commandsOf } from '../page-blocks.ts';
import { spansOf } from '../span-tree.ts';
import { ddTrace, requestThrough, type ServiceStart } from './service-chain.ts';

const PAGE = 'docs/coming-from-dd-trace.md';
const [command = ''] = commandsOf(PAGE, 'While both are in use');
const PROPAGATORS = /^OTEL_PROPAGATORS=(\S+) /.exec(command)?.[1] ?? '';
const DATADOG_ONLY = { DD_TRACE_PROPAGATION_STYLE: 'datadog' };

let collector: Collector;
let service: string;
let runs = 0;

beforeAll(async () => {
  collector = await startCollector({ port: 0 });
});
afterAll(() => collector.close());
beforeEach(() => {
  service = `shop ${runs++}`;
});

const clew = (variables: Readonly<Record<string, string>> = {}): ServiceStart => ({
  args: ['--import', '@clew/node/register'],
  variables: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_SERVICE_NAME: service, ...variables },
});

/** The ids of a request's headers, as Clew's spans have them. */
function idsOf(headers: IncomingHttpHeaders): { traceId: string; parentId: string } {
  const hex = (name: string) =>
    BigInt(headers[name] as string)
      .toString(16)
      .padStart(16, '0');
  const [, w3cTraceId, w3cParentId] = String(headers.traceparent ?? '').split('-');
  if (w3cTraceId !== undefined && headers['x-datadog-trace-id'] === undefined)
    return { traceId: w3cTraceId, parentId: w3cParentId! };
  const [, upper = '0'.repeat(16)] =
    /_dd\.p\.tid=([0-9a-f]{16})/.exec(String(headers['x-datadog-tags'])) ?? [];
  return { traceId: upper + hex('x-datadog-trace-id'), parentId: hex('x-datadog-parent-id') };
}

describe.each([
  ['with the defaults of both', {}, {}],
  [
    'with Datadog’s headers only, and the documented formats',
    DATADOG_ONLY,
    { OTEL_PROPAGATORS: PROPAGATORS },
  ],
])('%s', (_, datadogVariables, clewVariables) => {
  test('a trace continues from dd-trace to Clew and back', async () => {
    const dd = ddTrace(datadogVariables);
    const [, second, third] = (await requestThrough([dd, clew(clewVariables), dd])).map((each) => each);
    const spans = spansOf(collector, service);
    const server = spans.find(({ kind }) => kind === 'SERVER')!;
    const client = spans.find(({ kind }) => kind === 'CLIENT')!;
    expect({ traceId: server.traceId, parentId: server.parentSpanId }).toEqual(idsOf(second!));
    expect({ traceId: client.traceId, parentId: client.spanId }).toEqual(idsOf(third!));
    expect(client.parentSpanId).toBe(server.spanId);
  });

  test('a trace continues from Clew to dd-trace and back', async () => {
    const [, second, third] = await requestThrough([
      clew(clewVariables),
      ddTrace(datadogVariables),
      clew(clewVariables),
    ]);
    const spans = spansOf(collector, service);
    const client = spans.find(({ kind }) => kind === 'CLIENT')!;
    expect({ traceId: client.traceId, parentId: client.spanId }).toEqual(idsOf(second!));
    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([idsOf(third!).traceId]));
    expect(spans.map(({ parentSpanId }) => parentSpanId)).toContain(idsOf(third!).parentId);
  });

  test.each([
    ['0', 0],
    ['1', 2],
  ])('with the sampling rate %s in dd-trace, Clew records %i spans', async (rate, count) => {
    const variables = { ...datadogVariables, DD_TRACE_SAMPLE_RATE: rate };
    await requestThrough([ddTrace(variables), clew(clewVariables), ddTrace(datadogVariables)]);
    expect(spansOf(collector, service)).toHaveLength(count);
  });
});

test('with Datadog’s headers only, and the defaults of Clew, the trace breaks in two', async () => {
  const [, second] = await requestThrough([ddTrace(DATADOG_ONLY), clew()]);
  const [server] = spansOf(collector, service);
  expect(server?.traceId).not.toBe(idsOf(second!).traceId);
  expect(server?.parentSpanId).toBeUndefined();
});

test('the page names only variables of dd-trace that exist', () => {
  const known = readFileSync(
    require.resolve('dd-trace/packages/dd-trace/src/config/supported-configurations.json'),
    'utf8',
  );
  const page = readFileSync(join(__dirname, '..', '..', PAGE), 'utf8');
  // The agent has variables of its own, and `_INJECT` follows its longer name.
  const names = new Set([...page.matchAll(/\bDD_[A-Z_]+[A-Z]/g)].map(([name]) => name));
  names.delete('DD_OTLP_CONFIG_RECEIVER_PROTOCOLS_HTTP_ENDPOINT');
  expect(names.size).toBeGreaterThan(10);
  expect([...names].filter((name) => !known.includes(`"${name}"`))).toEqual([]);
});

test('the function that replaces tracer.trace() ends the span and records the error', () => {
  const folder = mkdtempSync(join(tmpdir(), 'clew-traced-'));
  const api = require.resolve('@opentelemetry/api');
  const code = blockOf(PAGE, 'API', 'js').replace("'@opentelemetry/api'", JSON.stringify(api));
  writeFileSync(
    join(folder, 'traced.mjs'),
    code
      .replace('import { SpanStatusCode, trace } from', 'import api from')
      .replace(/^export/m, 'const { SpanStatusCode, trace } = api;\nexport'),
  );
  const program = `
    import { init } from '@clew/node';
    import { traced } from ${JSON.stringify(join(folder, 'traced.mjs'))};
    const spans = [];
    const clew = init({ exporter: false, spanExporters: [{ export: (batch, done) => { spans.push(...batch); done({ code: 0 }); }, shutdown: async () => {} }] });
    const value = await traced('price', { attributes: { item: 7 } }, async () => 12);
    const error = await traced('price', {}, async () => { throw new RangeError('none'); }).catch((e) => e.message);
    await clew.shutdown();
    console.log(JSON.stringify({ value, error, spans: spans.map((s) => [s.name, s.attributes.item ?? null, s.status, s.events.length]) }));
  `;
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: __dirname,
  });
  expect(JSON.parse(String(output))).toEqual({
    value: 12,
    error: 'none',
    spans: [
      ['price', 7, { code: 0 }, 0],
      ['price', null, { code: 2, message: 'none' }, 1],
    ],
  });
  rmSync(folder, { recursive: true });
});
