import { createTraceState, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import fc from 'fast-check';
import { type ReadableSpan, type SpanProcessor, TracerProvider } from '../src/index.ts';
import { type Collector, startCollector } from './collector.ts';
import { attributesOf, decodeRequest, type OtlpRequest, spansOf } from './otlp-decoder.ts';

let collector: Collector;
const providers: TracerProvider[] = [];

beforeEach(async () => {
  collector = await startCollector();
});
afterEach(async () => {
  await Promise.all(providers.splice(0).map((provider) => provider.shutdown()));
  await collector.close();
});

/** A provider that also keeps what it exports, to be encoded by OpenTelemetry's own encoder. */
function keepingProvider(protocol: 'http/protobuf' | 'http/json') {
  const kept: ReadableSpan[] = [];
  const keeper: SpanProcessor = {
    onStart() {},
    onEnd: (span) => void kept.push(span),
    forceFlush: async () => {},
    shutdown: async () => {},
  };
  const provider = new TracerProvider({
    exporter: { url: collector.url, protocol },
    spanProcessors: [keeper],
    resource: { 'service.name': 'größe', 'service.weights': [1, 2.5] },
  });
  providers.push(provider);
  return { provider, kept };
}

type TheirSpans = Parameters<typeof ProtobufTraceSerializer.serializeRequest>[0];

function recordEverything(provider: TracerProvider): void {
  const tracer = provider.getTracer('scope', '1.2.3', {
    schemaUrl: 'https://opentelemetry.io/schemas/1.30.0',
  });
  const remote = {
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
    traceFlags: 3,
    isRemote: true,
    traceState: createTraceState('rojo=00f067aa0ba902b7,congo=t61rcWkgMzE'),
  };
  const parent = tracer.startSpan(
    'GET /größe/😀',
    {
      kind: SpanKind.SERVER,
      startTime: [1_700_000_000, 123_456_789],
      links: [
        { context: remote, attributes: { why: 'batch', n: 1 } },
        { context: { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 0 } },
      ],
    },
    trace.setSpanContext(ROOT_CONTEXT, remote),
  );
  parent.setAttributes({
    text: 'short',
    empty: '',
    long: 'x'.repeat(200),
    longer: 'ä'.repeat(20_000),
    umlaut: 'äöü',
    emoji: '😀'.repeat(40),
    ключ: 'значение',
    zero: 0,
    small: 127,
    port: 8080,
    edge: 16_383,
    over: 16_384,
    big: 2 ** 31,
    bigger: 2 ** 53,
    biggest: 2 ** 63 - 1024,
    tooBig: 2 ** 63,
    negative: -1,
    veryNegative: -(2 ** 63),
    float: 0.1,
    infinity: Number.POSITIVE_INFINITY,
    yes: true,
    no: false,
    list: ['a', 'b'],
    numbers: [1, -2, 3.5],
    mixed: ['a', 1, true, null, ['nested', [1]]],
    map: { a: 1, b: { c: 'd', list: [{ e: false }] } },
    nothing: null,
    bytes: new Uint8Array([0, 1, 255]),
    none: undefined,
    emptyList: [],
    emptyMap: {},
  });
  parent.addEvent('event', { size: 1, text: 'ä' }, [1_700_000_001, 5]);
  parent.addEvent('bare', new Date(1_700_000_001_500));
  parent.setStatus({ code: SpanStatusCode.ERROR, message: 'it broke: ä' });
  const child = tracer.startSpan('child', undefined, trace.setSpan(ROOT_CONTEXT, parent));
  child.recordException(new TypeError('wrong'));
  child.end();
  provider.getTracer('other').startSpan('elsewhere').end();
  parent.end([1_700_000_002, 999_999_999]);
}

/** OpenTelemetry writes fields that have their default, and orders spans by scope as they came; compare without. */
function normalized(request: OtlpRequest): unknown {
  const strip = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(strip);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).filter(
      ([key, item]) =>
        !(key.startsWith('dropped') && item === 0) && !(Array.isArray(item) && item.length === 0),
    );
    const kept = entries.filter(
      ([key, item]) => !(key === 'status' && ((item as { code?: number }).code ?? 0) === 0),
    );
    return Object.fromEntries(kept.map(([key, item]) => [key, strip(item)]));
  };
  return strip(request);
}

test('OpenTelemetry’s encoder and ours make the same protocol buffers of the same spans', async () => {
  const { provider, kept } = keepingProvider('http/protobuf');
  recordEverything(provider);
  await provider.forceFlush();
  const theirs = ProtobufTraceSerializer.serializeRequest(kept as unknown as TheirSpans)!;
  expect(collector.received).toHaveLength(1);
  expect(spansOf(collector.received[0]!.request)).toHaveLength(3);
  expect(normalized(collector.received[0]!.request)).toEqual(normalized(decodeRequest(theirs)));
});
