import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import fc from 'fast-check';
import { type OtlpExporterOptions, TracerProvider } from '../src/index.ts';
import { type Collector, startCollector } from './collector.ts';
import { recordEverything, values } from './every-kind-of-content.ts';
import { keptSpans } from './kept-spans.ts';
import { attributesOf, decodeRequest, type OtlpRequest, spansOf } from './otlp-decoder.ts';
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

const attributesIn = (request: OtlpRequest) => attributesOf(spansOf(request)[0]!.attributes);

describe('protocol buffers', () => {
  test('equal the output of OpenTelemetry’s encoder for the same spans', async () => {
    const { provider, kept } = makeProvider({});
    recordEverything(provider);
    await provider.forceFlush();
    const theirs = ProtobufTraceSerializer.serializeRequest(kept)!;
    expect(spansOf(collector.received[0]!.request)).toHaveLength(3);
    expect(withoutDefaults(collector.received[0]!.request)).toEqual(withoutDefaults(decodeRequest(theirs)));
  });

  test('encode an unlimited number of different attribute keys', async () => {
    const { provider } = makeProvider({});
    const spans = Array.from({ length: 30 }, (_, span) =>
      Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`key.${span * 50 + at}`, `value ${span}`])),
    );
    for (const attributes of spans) provider.getTracer('t').startSpan('s', { attributes }).end();
    await provider.forceFlush();
    const sent = spansOf(collector.received[0]!.request).map((span) => attributesOf(span.attributes));
    expect(sent).toEqual(spans);
  });

  test('encode every value as it was set', async () => {
    const { provider } = makeProvider({});
    provider.getTracer('t').startSpan('all values', { attributes: values }).end();
    await provider.forceFlush();
    const { none, ...expected } = values;
    const asWritten = JSON.parse(JSON.stringify(expected, textOfNumbers)) as object;
    const got = attributesIn(collector.received[0]!.request);
    expect(JSON.parse(JSON.stringify(got, textOfNumbers))).toEqual(asWritten);
    expect('none' in got).toBe(false);
  });

  test('encode values that repeat, alternate and change their type', async () => {
    const { provider } = makeProvider({});
    const seen = [
      'GET',
      'GET',
      'GET',
      'POST',
      'GET',
      'POST',
      'POST',
      'POST',
      'GET',
      1,
      1,
      1,
      '1',
      '1',
      '1',
      1,
    ];
    const changing = [
      true,
      true,
      true,
      1,
      false,
      false,
      false,
      0,
      0,
      0,
      '',
      '',
      '',
      'é',
      'é',
      'é',
      'e',
      2 ** 31,
    ];
    const long = ['a longer value', 'a longer value', 'a longer value', 'GET', 'GET', 'GET', 1.5, 1.5, 1.5];
    const attributes = [...seen, ...changing, ...long].map((value) => ({ repeated: value, beside: 'GET' }));
    for (const one of attributes)
      provider.getTracer('t').startSpan('s', { attributes: one }).addEvent('e', one).end();
    await provider.forceFlush();
    const spans = spansOf(collector.received[0]!.request);
    const expected = attributes.map(({ repeated, beside }) => {
      return { repeated: Number.isInteger(repeated) ? BigInt(repeated as number) : repeated, beside };
    });
    expect(spans.map((span) => attributesOf(span.attributes))).toEqual(expected);
    const events = spans.flatMap((span) => span.events ?? []);
    expect(events.map((event) => attributesOf(event.attributes))).toEqual(expected);
  });

  test('encode keys and strings of every length around the limits of the encoding', async () => {
    const { provider } = makeProvider({});
    const lengths = [1, 2, 30, 62, 63, 64, 65, 66, 120, 127, 128];
    const attributes = lengths.flatMap((k) =>
      Array.from({ length: 140 }, (_, v) => ({ ['k'.repeat(k)]: 'v'.repeat(v) })),
    );
    for (const one of attributes) provider.getTracer('t').startSpan('s', { attributes: one }).end();
    await provider.forceFlush();
    const got = spansOf(collector.received[0]!.request).map((span) => attributesOf(span.attributes));
    expect(got).toEqual(attributes);
  });

  test('encode any string as well-formed UTF-8, at any length', async () => {
    const { provider } = makeProvider({});
    const tracer = provider.getTracer('t');
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.string({ unit: 'grapheme', maxLength: 200 }),
      fc.string({ unit: 'binary-ascii', maxLength: 300 }),
      fc
        .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 80 })
        .map((units) => String.fromCharCode(...units)),
    );
    const key = text.filter((name) => name !== '' && name !== '__proto__');
    const property = fc.asyncProperty(fc.dictionary(key, text), text, async (attributes, name) => {
      collector.received.length = 0;
      tracer.startSpan(name, { attributes }).end();
      await provider.forceFlush();
      const [span] = spansOf(collector.received[0]!.request);
      expect(span!.name ?? '').toBe(name.toWellFormed());
      const expected = Object.entries(attributes).map(([k, v]) => [k.toWellFormed(), v.toWellFormed()]);
      expect(span!.attributes?.map(({ key: k, value }) => [k, value.stringValue]) ?? []).toEqual(expected);
    });
    await fc.assert(property, { numRuns: 100 });
  });

  test('encode any nested value', async () => {
    const { provider } = makeProvider({});
    const tracer = provider.getTracer('t');
    const leaf = fc.oneof(
      fc.string({ maxLength: 150 }),
      fc.boolean(),
      fc.constant(null),
      fc.maxSafeInteger(),
      fc.double({ noNaN: true }),
    );
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        leaf,
        fc.array(tie('value')),
        fc.dictionary(
          fc.string({ minLength: 1 }).filter((name) => name !== '__proto__'),
          tie('value'),
          {
            noNullPrototype: true,
          },
        ),
      ),
    }));
    const property = fc.asyncProperty(value, async (any) => {
      collector.received.length = 0;
      tracer.startSpan('any', { attributes: { any } }).end();
      await provider.forceFlush();
      const got = attributesIn(collector.received[0]!.request);
      expect(JSON.stringify(got.any, textOfNumbers)).toBe(JSON.stringify(any, textOfNumbers));
    });
    await fc.assert(property, { numRuns: 100 });
  });

  test('assemble many spans of several scopes into one request, each scope once', async () => {
    const { provider } = makeProvider({});
    for (let i = 0; i < 300; i++)
      provider
        .getTracer(`scope ${i % 3}`)
        .startSpan(`span ${i}`)
        .end();
    await provider.forceFlush();
    const [request] = collector.received;
    const scopes = request!.request.resourceSpans[0]!.scopeSpans;
    expect(scopes.map(({ scope, spans }) => [scope.name, spans.length])).toEqual([
      ['scope 0', 100],
      ['scope 1', 100],
      ['scope 2', 100],
    ]);
    expect(scopes[1]!.spans[99]!.name).toBe('span 298');
  });

  test('contain the resource of the process', async () => {
    const { provider } = makeProvider({});
    provider.getTracer('t').startSpan('one').end();
    await provider.forceFlush();
    const resource = attributesOf(collector.received[0]!.request.resourceSpans[0]!.resource.attributes);
    expect(resource).toMatchObject({
      'service.name': 'größe',
      'service.weights': [1n, 2.5],
      'telemetry.sdk.name': 'clew',
      'telemetry.sdk.language': 'nodejs',
      'process.pid': BigInt(process.pid),
      'process.runtime.name': 'nodejs',
      'process.runtime.version': process.versions.node,
    });
  });
});

test('contain flags for sampled, random, and whether the parent is remote', async () => {
  const { provider } = makeProvider({});
  const tracer = provider.getTracer('t');
  const root = tracer.startSpan('root', { root: true });
  tracer.startSpan('local child', {}, trace.setSpan(ROOT_CONTEXT, root)).end();
  const parent = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1, isRemote: true };
  tracer.startSpan('remote child', {}, trace.setSpanContext(ROOT_CONTEXT, parent)).end();
  root.end();
  await provider.forceFlush();
  const flags = Object.fromEntries(
    spansOf(collector.received[0]!.request).map((span) => [span.name, span.flags]),
  );
  expect(flags).toEqual({ root: 0x103, 'local child': 0x103, 'remote child': 0x301 });
});

function textOfNumbers(_key: string, value: unknown): unknown {
  if (typeof value === 'number') return Object.is(value, -0) ? '0' : String(value);
  if (typeof value === 'bigint') return String(Number(value));
  return value instanceof Uint8Array ? [...value] : value;
}
