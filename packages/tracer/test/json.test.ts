import { JsonTraceSerializer, type ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { type OtlpExporterOptions, TracerProvider } from '../src/index.ts';
import { type Collector, startCollector } from './collector.ts';
import { recordEverything } from './every-kind-of-content.ts';
import { keptSpans } from './kept-spans.ts';
import { type OtlpRequest, spansOf } from './otlp-decoder.ts';
import { withoutDefaults } from './without-defaults.ts';

type TheirSpans = Parameters<typeof ProtobufTraceSerializer.serializeRequest>[0];

let collector: Collector;
const providers: TracerProvider[] = [];

beforeEach(async () => {
  collector = await startCollector();
});
afterEach(async () => {
  await Promise.all(providers.splice(0).map((provider) => provider.shutdown()));
  await collector.close();
});

function makeProvider(exporter: OtlpExporterOptions) {
  const kept = keptSpans();
  const provider = new TracerProvider({
    exporter: { url: collector.url, ...exporter },
    spanProcessors: [kept],
    resource: { 'service.name': 'größe', 'service.weights': [1, 2.5] },
  });
  providers.push(provider);
  return { provider, kept: kept.spans as unknown as TheirSpans };
}

describe('JSON', () => {
  test('equals the output of OpenTelemetry’s encoder for the same spans', async () => {
    const { provider, kept } = makeProvider({ protocol: 'http/json' });
    recordEverything(provider);
    await provider.forceFlush();
    const theirs = JSON.parse(Buffer.from(JsonTraceSerializer.serializeRequest(kept)!).toString());
    // Their encoder writes 64-bit integers as numbers and infinity as null; the specified forms are tested below.
    const integersAsText = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(integersAsText);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [
          key,
          key === 'intValue'
            ? String(Number(item))
            : key === 'doubleValue'
              ? Number(item ?? 'Infinity')
              : integersAsText(item),
        ]),
      );
    };
    const ours = integersAsText(withoutDefaults(collector.received[0]!.request)) as OtlpRequest;
    const wanted = integersAsText(withoutDefaults(theirs)) as OtlpRequest;
    const names = (request: OtlpRequest) =>
      spansOf(request)
        .map(({ name }) => name)
        .sort();
    expect(names(ours)).toEqual(names(wanted));
    for (const span of spansOf(wanted)) {
      const mine = spansOf(ours).find(({ name }) => name === span.name)!;
      const { attributes, ...rest } = mine;
      const { attributes: theirAttributes, ...theirRest } = span;
      expect(rest).toEqual(theirRest);
      const numeric = new Set(['most', 'least', 'tooBig', 'tooSmall']);
      const comparable = (list: typeof attributes) => list?.filter(({ key }) => !numeric.has(key));
      expect(comparable(attributes)).toEqual(comparable(theirAttributes));
    }
  });

  test('writes ids in hexadecimal, and 64-bit integers and numbers that JSON lacks as strings', async () => {
    const { provider } = makeProvider({ protocol: 'http/json' });
    const span = provider.getTracer('t', '1').startSpan('json', {
      attributes: {
        n: 7,
        max: 2 ** 63 - 1024,
        nan: Number.NaN,
        inf: Number.NEGATIVE_INFINITY,
        b: new Uint8Array([1, 2]),
      },
      startTime: [1_700_000_000, 1],
    });
    span.end([1_700_000_000, 3]);
    await provider.forceFlush();
    const [got] = spansOf(collector.received[0]!.request);
    expect(collector.received[0]!.headers['content-type']).toBe('application/json');
    expect(got).toMatchObject({
      ...{ traceId: span.spanContext().traceId, spanId: span.spanContext().spanId },
      startTimeUnixNano: '1700000000000000001',
      endTimeUnixNano: '1700000000000000003',
      kind: 1,
      attributes: [
        { key: 'n', value: { intValue: '7' } },
        { key: 'max', value: { intValue: '9223372036854774784' } },
        { key: 'nan', value: { doubleValue: 'NaN' } },
        { key: 'inf', value: { doubleValue: '-Infinity' } },
        { key: 'b', value: { bytesValue: 'AQI=' } },
      ],
    });
  });

  test('replaces lone surrogates', async () => {
    const { provider } = makeProvider({ protocol: 'http/json' });
    provider
      .getTracer('t')
      .startSpan('a\ud800b', { attributes: { '\udc00': ['\ud83d'] } })
      .end();
    await provider.forceFlush();
    const [got] = spansOf(collector.received[0]!.request);
    expect(got).toMatchObject({ name: 'a\ufffdb', attributes: [{ key: '\ufffd' }] });
    expect(JSON.stringify(got)).not.toMatch(/\\ud/);
  });

  test('joins several spans and scopes', async () => {
    const { provider } = makeProvider({ protocol: 'http/json' });
    for (let i = 0; i < 30; i++)
      provider
        .getTracer(`scope ${i % 2}`)
        .startSpan(`span ${i}`)
        .end();
    await provider.forceFlush();
    const { scopeSpans } = collector.received[0]!.request.resourceSpans[0]!;
    expect(scopeSpans.map(({ spans }) => spans.length)).toEqual([15, 15]);
  });
});
