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
  /** What it begins: some tracers always sample. */
  readonly begins?: readonly boolean[];
  /** Trace ids of 64 bits are all it knows. */
  readonly short?: true;
  readonly environment?: true;
}

const PEERS: readonly Peer[] = [
  { peer: '@opentelemetry/core 3', format: 'tracecontext', module: 'otel-w3c' },
  { peer: 'dd-trace 6 (W3C)', format: 'tracecontext', module: 'dd-trace' },
  { peer: 'elastic-apm-node 4 (W3C)', format: 'tracecontext', module: 'elastic-apm-node', begins: [true] },
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
    begins: [true],
    short: true,
  },
  { peer: '@opentelemetry/propagator-ot-trace', format: 'ottrace', module: 'otel-ot-trace', short: true },
  { peer: '@opencensus/propagation-binaryformat', format: 'opencensus-binary', module: 'opencensus-binary' },
  { peer: 'elastic-apm-node 4', format: 'elastic', module: 'elastic-apm-node', begins: [true] },
  { peer: '@sentry/core 11', format: 'sentry', module: 'sentry-core' },
];

/** Peers that cannot be had beside the others, and why. */
const NOT_HAD = [
  {
    peer: '@opentelemetry/propagator-jaeger 2',
    reason: 'wants @opentelemetry/api below 1.10; jaeger-client is tried',
  },
  {
    peer: '@google-cloud/opentelemetry-cloud-trace-propagator 0.22',
    reason: 'wants @opentelemetry/core 2; OpenCensus of Google Cloud is tried',
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

describe.each(PEERS)('$format with $peer', ({ peer, format: name, module, begins, short, environment }) => {
  const format = TRACE_FORMATS.get(name)!;
  let other: PeerProcess;
  beforeAll(async () => {
    other = await PeerProcess.start(module);
  });
  afterAll(() => other.stop());

  test.each(begins ?? [true, false])('we go on with its trace (sampled: %j)', async (sampled) => {
    const { at, headers } = await other.begin({ sampled });
    expect(at.sampled).toBe(sampled);
    expect(idsOf(extract(format, headers, environment))).toEqual(padded(at, short));
    table.set(`${name}, ${peer}`, 'we go on', 'yes');
  });

  test.each([true, false])(
    'it goes on with our trace (sampled: %j), and we with what it sends',
    async (sampled) => {
      const { came, at, headers } = await other.goOn({
        headers: inject(format, { ...OURS, traceFlags: sampled ? 1 : 0 }, environment),
      });
      const traceId = short ? SHORT_TRACE_ID : OURS.traceId;
      expect(padded(came)).toEqual({ traceId, spanId: OURS.spanId, sampled });
      const back = idsOf(extract(format, headers, environment));
      expect(back).toMatchObject({ traceId, spanId: padded(at).spanId });
      expect(back.spanId).not.toBe(OURS.spanId);
      table.set(`${name}, ${peer}`, 'it goes on', 'yes');
    },
  );

  test('a trace id of 64 bits stays one', async () => {
    const ids = { ...OURS, traceId: SHORT_TRACE_ID };
    const { came, headers } = await other.goOn({ headers: inject(format, ids, environment) });
    expect(padded(came)).toEqual({ traceId: SHORT_TRACE_ID, spanId: OURS.spanId, sampled: true });
    expect(idsOf(extract(format, headers, environment)).traceId).toBe(SHORT_TRACE_ID);
    table.set(`${name}, ${peer}`, '64-bit ids', 'yes');
  });
});

describe('what else is carried', () => {
  test('baggage of Jaeger, in both directions', async () => {
    const other = await PeerProcess.start('jaeger-client');
    const jaeger = TRACE_FORMATS.get('jaeger')!;
    const begun = await other.begin({ sampled: true });
    const baggage = extract(jaeger, begun.headers)?.baggage;
    expect(baggage?.getEntry('tenant')?.value).toBe('grün & blau');
    const headers: Record<string, string> = {};
    const ours = propagation.createBaggage({ region: { value: 'eu/west=1 %' } });
    jaeger.inject({ spanContext: OURS, baggage: ours }, headers, defaultTextMapSetter);
    expect((await other.goOn({ headers })).came.baggage).toEqual({ region: 'eu/west=1 %' });
    await other.stop();
  });

  test.each([
    ['jaeger', 'jaeger-client'],
    ['b3multi', 'zipkin'],
  ])('a debug trace of %s stays one in %s', async (name, module) => {
    const format = TRACE_FORMATS.get(name)!;
    const other = await PeerProcess.start(module);
    const came = extract(TRACE_FORMATS.get('b3')!, { b3: `${OURS.traceId}-${OURS.spanId}-d` });
    if (came?.kind !== 'parent') throw new Error('expected a parent');
    const gone = await other.goOn({ headers: inject(format, came.spanContext) });
    expect(gone.came.debug).toBe(true);
    const back = extract(format, gone.headers);
    expect(back?.kind === 'parent' && back.debug).toBe(true);
    await other.stop();
  });

  test('a debug id makes Jaeger and us begin a trace that is kept', () => {
    const extraction = extract(TRACE_FORMATS.get('jaeger')!, { 'jaeger-debug-id': 'ticket-7' });
    expect(extraction).toEqual({ kind: 'start', decision: 'force' });
  });

  test.each(['datadog', 'tracecontext'])(
    "Datadog's origin, priority and tags come in with %s and go out with either",
    async (incoming) => {
      const other = await PeerProcess.start('dd-trace');
      const { headers } = await other.begin({ sampled: true, origin: 'synthetics' });
      const came = extract(TRACE_FORMATS.get(incoming)!, headers);
      if (came?.kind !== 'parent') throw new Error('expected a parent');
      for (const outgoing of ['datadog', 'tracecontext']) {
        const sent = inject(TRACE_FORMATS.get(outgoing)!, { ...came.spanContext, spanId: OURS.spanId });
        const { came: read } = await other.goOn({ headers: sent });
        expect(read).toMatchObject({ origin: 'synthetics', dm: '-4', sampled: true });
      }
      await other.stop();
    },
  );

  test("Elastic's sample rate comes back to it", async () => {
    const other = await PeerProcess.start('elastic-apm-node');
    const { headers } = await other.begin({ sampled: true });
    const came = extract(TRACE_FORMATS.get('elastic')!, headers);
    if (came?.kind !== 'parent') throw new Error('expected a parent');
    const gone = await other.goOn({ headers: inject(TRACE_FORMATS.get('elastic')!, came.spanContext) });
    expect(gone.headers.tracestate).toBe('es=s:1');
    await other.stop();
  });
});

describe('peers that cannot be had', () => {
  for (const { peer, reason } of NOT_HAD) {
    test.skip(`${peer}: ${reason}`, () => {});
    table.set(peer, 'we go on', `not tried: ${reason}`);
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

/** Ids as we write them: peers leave out leading zeros. */
function padded({ traceId, spanId, sampled }: PeerIds, short?: true) {
  const known = short ? traceId.slice(-16) : traceId;
  return { traceId: known.padStart(32, '0'), spanId: spanId.padStart(16, '0'), sampled };
}
