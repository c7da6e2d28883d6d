import {
  carriers,
  type EnvironmentVariables,
  type Extraction,
  TRACE_FORMATS,
  type TraceFormat,
} from '@clew/core';
import {
  defaultTextMapGetter,
  defaultTextMapSetter,
  propagation,
  type SpanContext,
} from '@opentelemetry/api';
import { type PeerIds, PeerProcess } from './peer-process.ts';
import { PeerTable } from './peer-table.ts';

interface Peer {
  readonly peer: string;
  readonly format: string;
  /** Module in `peers/`. */
  readonly module: string;
  /** The sampling decisions of the traces that it can start; some tracers always sample. */
  readonly samples?: readonly boolean[];
  /** Supports only trace ids of 64 bits. */
  readonly short?: true;
  readonly environment?: true;
}

const PEERS: readonly Peer[] = [
  { peer: '@opentelemetry/core 3', format: 'tracecontext', module: 'otel-w3c' },
  { peer: 'dd-trace 6 (W3C)', format: 'tracecontext', module: 'dd-trace' },
  { peer: 'elastic-apm-node 4 (W3C)', format: 'tracecontext', module: 'elastic-apm-node', samples: [true] },
  {
    peer: '@opentelemetry/propagator-env-carrier',
    format: 'tracecontext',
    module: 'otel-environment',
    environment: true,
  },
  { peer: '@opentelemetry/propagator-b3 3', format: 'b3', module: 'otel-b3' },
  { peer: '@opentelemetry/propagator-b3 3', format: 'b3multi', module: 'otel-b3-multi' },
  { peer: 'zipkin 0.22', format: 'b3multi', module: 'zipkin' },
  { peer: '@opencensus/propagation-b3', format: 'b3multi', module: 'opencensus-b3' },
  { peer: 'jaeger-client 3', format: 'jaeger', module: 'jaeger-client' },
  { peer: 'dd-trace 6', format: 'datadog', module: 'dd-trace' },
  { peer: 'aws-xray-sdk-core 3', format: 'xray', module: 'aws-xray-sdk-core' },
  { peer: '@opentelemetry/propagator-aws-xray 3', format: 'xray', module: 'otel-xray' },
  { peer: '@opencensus/propagation-stackdriver', format: 'gcp', module: 'opencensus-stackdriver' },
  {
    peer: 'lightstep-tracer 0.35',
    format: 'ottrace',
    module: 'lightstep-tracer',
    samples: [true],
    short: true,
  },
  { peer: '@opentelemetry/propagator-ot-trace', format: 'ottrace', module: 'otel-ot-trace', short: true },
  { peer: '@opencensus/propagation-binaryformat', format: 'opencensus-binary', module: 'opencensus-binary' },
  { peer: 'elastic-apm-node 4', format: 'elastic', module: 'elastic-apm-node', samples: [true] },
  { peer: '@sentry/core 11', format: 'sentry', module: 'sentry-core' },
];

/** Peers that can't be installed next to the others, and the reason. */
const NOT_INSTALLABLE = [
  {
    peer: '@opentelemetry/propagator-jaeger 2',
    reason: 'requires @opentelemetry/api below 1.10; jaeger-client is tested instead',
  },
  {
    peer: '@google-cloud/opentelemetry-cloud-trace-propagator 0.22',
    reason: 'requires @opentelemetry/core 2; OpenCensus of Google Cloud is tested instead',
  },
];

const OURS: SpanContext = {
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  spanId: '00f067aa0ba902b7',
  traceFlags: 1,
};
const SHORT_TRACE_ID = '0000000000000000a3ce929d0e0e4736';

const table = new PeerTable('wire format, peer');
afterAll(() => table.print());

describe.each(PEERS)('$format with $peer', ({ peer, format: name, module, samples, short, environment }) => {
  const format = TRACE_FORMATS.get(name)!;
  let other: PeerProcess;
  beforeAll(async () => {
    other = await PeerProcess.start(module);
  });
  afterAll(() => other.stop());

  test.each(samples ?? [true, false])('Clew continues its trace (sampled: %j)', async (sampled) => {
    const { span, headers } = await other.startTrace({ sampled });
    expect(span.sampled).toBe(sampled);
    expect(idsOf(extract(format, headers, environment))).toEqual(padded(span, short));
    table.set(`${name}, ${peer}`, 'Clew continues its trace', 'yes');
  });

  test.each([true, false])(
    'it continues a trace of Clew (sampled: %j), and Clew continues it again',
    async (sampled) => {
      const { received, span, headers } = await other.continueTrace({
        headers: inject(format, { ...OURS, traceFlags: sampled ? 1 : 0 }, environment),
      });
      const traceId = short ? SHORT_TRACE_ID : OURS.traceId;
      expect(padded(received)).toEqual({ traceId, spanId: OURS.spanId, sampled });
      const sentBack = idsOf(extract(format, headers, environment));
      expect(sentBack).toMatchObject({ traceId, spanId: padded(span).spanId });
      expect(sentBack.spanId).not.toBe(OURS.spanId);
      table.set(`${name}, ${peer}`, 'it continues a trace of Clew', 'yes');
    },
  );

  test('both keep a trace id of 64 bits', async () => {
    const ids = { ...OURS, traceId: SHORT_TRACE_ID };
    const { received, headers } = await other.continueTrace({ headers: inject(format, ids, environment) });
    expect(padded(received)).toEqual({ traceId: SHORT_TRACE_ID, spanId: OURS.spanId, sampled: true });
    expect(idsOf(extract(format, headers, environment)).traceId).toBe(SHORT_TRACE_ID);
    table.set(`${name}, ${peer}`, '64-bit ids', 'yes');
  });
});

describe('beyond the ids', () => {
  test('Jaeger and Clew read each other’s baggage', async () => {
    const other = await PeerProcess.start('jaeger-client');
    const jaeger = TRACE_FORMATS.get('jaeger')!;
    const started = await other.startTrace({ sampled: true });
    const baggage = extract(jaeger, started.headers)?.baggage;
    expect(baggage?.getEntry('tenant')?.value).toBe('grün & blau');
    const headers: Record<string, string> = {};
    const ours = propagation.createBaggage({ region: { value: 'eu/west=1 %' } });
    jaeger.inject({ spanContext: OURS, baggage: ours }, headers, defaultTextMapSetter);
    expect((await other.continueTrace({ headers })).received.baggage).toEqual({ region: 'eu/west=1 %' });
    await other.stop();
  });

  test.each([
    ['jaeger', 'jaeger-client'],
    ['b3multi', 'zipkin'],
  ])('a debug trace in format %s keeps its debug flag in %s', async (name, module) => {
    const format = TRACE_FORMATS.get(name)!;
    const other = await PeerProcess.start(module);
    const extracted = extract(TRACE_FORMATS.get('b3')!, { b3: `${OURS.traceId}-${OURS.spanId}-d` });
    if (extracted?.kind !== 'parent') throw new Error('expected a parent');
    const continued = await other.continueTrace({ headers: inject(format, extracted.spanContext) });
    expect(continued.received.debug).toBe(true);
    const sentBack = extract(format, continued.headers);
    expect(sentBack?.kind === 'parent' && sentBack.debug).toBe(true);
    await other.stop();
  });

  test('a debug id of Jaeger starts a sampled trace', () => {
    const extraction = extract(TRACE_FORMATS.get('jaeger')!, { 'jaeger-debug-id': 'ticket-7' });
    expect(extraction).toMatchObject({ kind: 'start', decision: 'force' });
  });

  test.each(['datadog', 'tracecontext'])(
    "Datadog's origin, priority and tags are received in format %s and sent in both formats",
    async (incoming) => {
      const other = await PeerProcess.start('dd-trace');
      const { headers } = await other.startTrace({ sampled: true, origin: 'synthetics' });
      const extracted = extract(TRACE_FORMATS.get(incoming)!, headers);
      if (extracted?.kind !== 'parent') throw new Error('expected a parent');
      for (const outgoing of ['datadog', 'tracecontext']) {
        const sent = inject(TRACE_FORMATS.get(outgoing)!, { ...extracted.spanContext, spanId: OURS.spanId });
        const { received } = await other.continueTrace({ headers: sent });
        expect(received).toMatchObject({ origin: 'synthetics', dm: '-4', sampled: true });
      }
      await other.stop();
    },
  );

  test("Elastic's sample rate is sent back to it", async () => {
    const other = await PeerProcess.start('elastic-apm-node');
    const { headers } = await other.startTrace({ sampled: true });
    const extracted = extract(TRACE_FORMATS.get('elastic')!, headers);
    if (extracted?.kind !== 'parent') throw new Error('expected a parent');
    const continued = await other.continueTrace({
      headers: inject(TRACE_FORMATS.get('elastic')!, extracted.spanContext),
    });
    expect(continued.headers.tracestate).toBe('es=s:1');
    await other.stop();
  });
});

describe('peers that can’t be installed', () => {
  for (const { peer, reason } of NOT_INSTALLABLE) {
    test.skip(`${peer}: ${reason}`, () => {});
    table.set(peer, 'Clew continues its trace', `not tested: ${reason}`);
  }
});

function extract(
  format: TraceFormat,
  headers: Readonly<Record<string, string>>,
  environment?: true,
): Extraction | undefined {
  return environment
    ? format.extract(headers as EnvironmentVariables, carriers.environmentGetter)
    : format.extract(headers, defaultTextMapGetter);
}

function inject(format: TraceFormat, spanContext: SpanContext, environment?: true): Record<string, string> {
  const headers: Record<string, string> = {};
  format.inject(
    { spanContext, baggage: undefined },
    headers,
    environment ? carriers.environmentSetter : defaultTextMapSetter,
  );
  return headers;
}

function idsOf(extraction: Extraction | undefined) {
  if (extraction?.kind !== 'parent') throw new Error(`expected a parent, got ${JSON.stringify(extraction)}`);
  const { traceId, spanId, traceFlags } = extraction.spanContext;
  return { traceId, spanId, sampled: (traceFlags & 1) === 1 };
}

/** Adds leading zeros, which some peers omit. */
function padded({ traceId, spanId, sampled }: PeerIds, short?: true) {
  const supported = short ? traceId.slice(-16) : traceId;
  return { traceId: supported.padStart(32, '0'), spanId: spanId.padStart(16, '0'), sampled };
}
