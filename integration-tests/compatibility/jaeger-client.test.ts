import { type Collector, startCollector } from '@clew/viewer';
import { spansOf, treeOf } from '../span-tree.ts';
import { JaegerBackend } from './jaeger-backend.ts';
import { type Service, startService, traced } from './service-process.ts';

// A request goes through three processes: Clew, jaeger-client, Clew.

const REPORTERS = ['collector', 'agent'] as const;

let collector: Collector;
let backend: JaegerBackend;
beforeAll(async () => {
  collector = await startCollector({ port: 0 });
  backend = await JaegerBackend.start();
});
afterAll(async () => {
  backend.close();
  await collector.close();
});

interface Settings {
  readonly reporter?: (typeof REPORTERS)[number];
  /** Headers of the request to the first process. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly sampler?: string;
  readonly formats?: string;
  /** The spans that jaeger-client reports. */
  readonly reported?: number;
}

let runs = 0;

/** Sends a request through the processes. Returns the headers that each received, and all spans. */
async function request({ reporter = 'collector', headers = {}, reported = 2, ...settings }: Settings) {
  const { sampler, formats = 'jaeger' } = settings;
  const run = ++runs;
  const services: Service[] = [];
  const start = async (args: string[], variables: Record<string, string>) => {
    services.unshift(await startService(args, variables));
    return services[0]!.url;
  };
  const clew = (name: string, NEXT = '') =>
    start(traced('clew.mjs'), {
      NEXT,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_SERVICE_NAME: `${name} ${run}`,
      OTEL_PROPAGATORS: formats,
      ...(sampler !== undefined && { OTEL_TRACES_SAMPLER: sampler }),
    });
  const before = backend.spans.length;
  const NEXT = await clew('back');
  const target =
    reporter === 'agent'
      ? { JAEGER_AGENT_PORT: String(backend.agentPort) }
      : { JAEGER_ENDPOINT: backend.collectorEndpoint };
  const url = await clew('front', await start(['jaeger.cjs'], { NEXT, ...target }));
  const received = (await (await fetch(url, { headers })).json()) as Record<string, string>[];
  await Promise.all(services.map((service) => service.stop()));
  await backend.until(before + reported);
  const spans = [...spansOf(collector, `front ${run}`), ...backend.spans.slice(before)];
  return { received, spans, traceIds: [...new Set(spans.map(({ traceId }) => traceId))] };
}

const TREE = ['SERVER GET', '  CLIENT GET', '    SERVER serve', '      CLIENT call', '        SERVER GET'];

test.each(REPORTERS)('the spans of all three are one trace, with Jaeger’s %s', async (reporter) => {
  const { spans, traceIds } = await request({ reporter });
  expect(treeOf(spans)).toEqual(TREE);
  expect(traceIds).toEqual([expect.stringMatching(/^[\da-f]{32}$/)]);
});

test('a 64-bit trace id keeps its short form in the header', async () => {
  const { received, spans, traceIds } = await request({
    headers: { 'uber-trace-id': '463ac35c9f6413ad:a2fb4a1d1a96d312:0:1' },
  });
  expect(treeOf(spans)[0]).toBe('SERVER GET (its parent is missing)');
  expect(traceIds).toEqual(['0000000000000000463ac35c9f6413ad']);
  for (const headers of received) expect(headers['uber-trace-id']).toMatch(/^463ac35c9f6413ad:/);
});

test('an unsampled trace is unsampled in all three', async () => {
  const { received, spans } = await request({ sampler: 'always_off', reported: 0 });
  expect(spans).toEqual([]);
  expect(received.slice(1).map((headers) => headers['uber-trace-id'])).toEqual([
    expect.stringMatching(/:0$/),
    expect.stringMatching(/:0$/),
  ]);
});

test('a debug id forces the trace in all three', async () => {
  const { received, spans } = await request({
    headers: { 'jaeger-debug-id': 'ticket-7' },
    sampler: 'always_off',
  });
  expect(treeOf(spans)).toEqual(TREE);
  for (const headers of received.slice(1)) expect(headers['uber-trace-id']).toMatch(/:3$/);
});

test('baggage reaches the third process, with what jaeger-client added', async () => {
  const { received } = await request({ headers: { 'jaeger-baggage': 'tenant=gr%C3%BCn' } });
  expect(received[1]).toMatchObject({ 'uberctx-tenant': 'gr%C3%BCn' });
  expect(received[2]).toMatchObject({ 'uberctx-tenant': 'gr%C3%BCn', 'uberctx-seller': 'ada' });
});

test('services that also use W3C’s headers stay in the trace', async () => {
  const { received, spans } = await request({ formats: 'jaeger,tracecontext,baggage' });
  expect(treeOf(spans)).toEqual(TREE);
  expect(received[1]).toHaveProperty('traceparent');
});
