import { join } from 'node:path';
import { type Collector, startCollector } from '@clew/viewer';
import { runProgram } from '../run-program.ts';
import { spansOf, treeOf } from '../span-tree.ts';
import { traced } from './service-process.ts';

// A library with OpenTracing's API in a service that Clew traces, through OpenTelemetry's shim.

let collector: Collector;
beforeAll(async () => {
  collector = await startCollector({ port: 0 });
});
afterAll(() => collector.close());

async function run(file: string, variables: Record<string, string> = {}) {
  const service = [file, ...Object.values(variables)].join(' ');
  const { code, stdout, stderr } = await runProgram(traced(file), {
    cwd: join(__dirname, 'programs'),
    variables: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_SERVICE_NAME: service,
      OTEL_PROPAGATORS: 'tracecontext,baggage,jaeger',
      NODE_NO_WARNINGS: '1',
      ...variables,
    },
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const { received, message } = JSON.parse(stdout) as Record<string, Record<string, string>>;
  return { received: received!, message: message!, spans: spansOf(collector, service) };
}

describe.each(['opentracing.cjs', 'opentracing.mjs'])('%s', (file) => {
  let ran: Awaited<ReturnType<typeof run>>;
  beforeAll(async () => {
    ran = await run(file);
  });

  test('spans of OpenTracing are children of Clew’s current span, and parents of Clew’s spans', () => {
    const start = ran.spans.find(({ name, parentSpanId }) => name === 'GET' && parentSpanId === undefined);
    expect(treeOf(ran.spans.filter(({ traceId }) => traceId === start?.traceId))).toEqual([
      'CLIENT GET',
      '  SERVER GET',
      '    INTERNAL checkout',
      '      CLIENT GET',
      '        SERVER GET',
      '      INTERNAL pay',
    ]);
  });

  test('a trace that OpenTracing starts is continued from the headers that it wrote', () => {
    const { message } = ran;
    const [, traceId] = message.traceparent!.split('-');
    expect(message['uber-trace-id']).toMatch(`${traceId}:`);
    expect(treeOf(ran.spans.filter((span) => span.traceId === traceId))).toEqual([
      'INTERNAL checkout',
      '  INTERNAL checkout',
      '    INTERNAL pay',
      '  INTERNAL pay',
    ]);
  });

  test('baggage of OpenTracing is in the headers that either of them writes', () => {
    for (const headers of [ran.received, ran.message])
      expect(headers).toMatchObject({ baggage: 'tenant=gr%C3%BCn', 'uberctx-tenant': 'gr%C3%BCn' });
  });

  test('tags, errors and logs of OpenTracing are on the spans', () => {
    const [checkout, pay] = ['checkout', 'pay'].map((each) => ran.spans.find(({ name }) => name === each));
    expect(checkout?.attributes).toEqual({ pieces: 2 });
    expect(pay?.status.code).toBe('ERROR');
    expect(pay?.events[0]).toMatchObject({
      name: 'exception',
      attributes: { 'exception.message': 'declined' },
    });
  });
});

test('OpenTracing’s spans follow the decision not to sample', async () => {
  const { received, message, spans } = await run('opentracing.mjs', { OTEL_TRACES_SAMPLER: 'always_off' });
  expect(spans).toEqual([]);
  for (const headers of [received, message]) expect(headers.traceparent).toMatch(/-0[02]$/);
});

test('OpenTracing’s spans are kept by a policy that decides at the end of the request', async () => {
  const file = join(__dirname, 'programs', 'keep-slow.json');
  const { spans } = await run('opentracing.mjs', { CLEW_SAMPLING_FILE: file });
  expect(spans.map(({ name }) => name)).toContain('pay');
});
