import { shareAttributes } from '@clew/core/internal';
import { decodeTraces } from '@clew/viewer';
import { type Attributes, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { type ReadableSpan, TracerProvider } from '../src/index.ts';
import { otlpProtobuf } from '../src/otlp-protobuf.ts';
import { ProtobufWriter } from '../src/protobuf-writer.ts';
import type { RecordingSpan } from '../src/recording-span.ts';

const FROZEN = shareAttributes({ system: 'rabbitmq', port: 5672, durable: true });

function tracer(limits = {}) {
  const ended: ReadableSpan[] = [];
  const provider = new TracerProvider({
    exporter: false,
    limits,
    spanProcessors: [
      {
        onStart: () => {},
        onEnd: (span) => ended.push(span),
        forceFlush: async () => {},
        shutdown: async () => {},
      },
    ],
  });
  return { ended, tracer: provider.getTracer('test') };
}

/** Returns the attributes of an exported span. */
function sent(span: RecordingSpan): unknown {
  return sentSpan(span)?.attributes;
}

function sentSpan(span: RecordingSpan) {
  const writer = new ProtobufWriter(64, 1 << 20);
  otlpProtobuf.writeSpan(writer, span, 'whole');
  const body = otlpProtobuf.assemble({}, [
    { scope: { name: 'test' }, spans: writer.bytes.subarray(0, writer.position) },
  ]);
  return decodeTraces(Buffer.concat(body), 'application/x-protobuf')[0];
}

describe('an object of shared attributes', () => {
  test('is the same in every span started with it, and can be extended', () => {
    const { ended, tracer: started } = tracer();
    for (const id of [1, 2]) {
      const span = started.startSpan('publish', { attributes: FROZEN });
      span.setAttribute('id', id).setAttributes({ body: 'x' });
      expect(sent(span as RecordingSpan)).toEqual({ ...FROZEN, id, body: 'x' });
      span.end();
    }
    expect(ended.map(({ attributes }) => attributes)).toEqual([
      { ...FROZEN, id: 1, body: 'x' },
      { ...FROZEN, id: 2, body: 'x' },
    ]);
  });

  test('does not change when one span changes a value', () => {
    const { ended, tracer: started } = tracer();
    const changed = started.startSpan('publish', { attributes: FROZEN });
    changed.setAttribute('port', 1).setAttribute('port', 2);
    expect(sent(changed as RecordingSpan)).toEqual({ ...FROZEN, port: 2 });
    changed.end();
    started.startSpan('publish', { attributes: FROZEN }).setStatus({ code: SpanStatusCode.OK }).end();
    expect(ended.map(({ attributes }) => attributes)).toEqual([{ ...FROZEN, port: 2 }, FROZEN]);
  });

  test('is exported with the name and the kind of each span', () => {
    const { tracer: started } = tracer();
    const attributes = shareAttributes({ ...FROZEN });
    const spans = [
      ['publish', SpanKind.PRODUCER],
      ['publish', SpanKind.PRODUCER],
      ['publish', SpanKind.CLIENT],
      ['process', SpanKind.PRODUCER],
      ['x'.repeat(5000), SpanKind.PRODUCER],
      ['', SpanKind.INTERNAL],
      ['größe'.repeat(20), SpanKind.PRODUCER],
    ] as const;
    for (const [name, kind] of spans) {
      const span = started.startSpan(name, { kind, attributes }) as RecordingSpan;
      expect(sentSpan(span)).toMatchObject({ name, kind: SpanKind[kind], attributes });
    }
  });

  test('is exported with a very long name, and then with others', () => {
    const { tracer: started } = tracer();
    const attributes = shareAttributes({ ...FROZEN });
    for (const name of ['ü'.repeat(5000), 'short'])
      expect(sentSpan(started.startSpan(name, { attributes }) as RecordingSpan)).toMatchObject({
        name,
        attributes,
      });
  });

  test('can also be set later, before and after others', () => {
    const { ended, tracer: started } = tracer();
    for (const own of [{ id: 1 }, { port: 1 }]) {
      const span = started.startSpan('publish', { attributes: own });
      span.setAttributes(FROZEN).setAttribute('durable', false);
      expect(sent(span as RecordingSpan)).toEqual({ ...own, ...FROZEN, durable: false });
      span.end();
    }
    const twice = started.startSpan('publish', { attributes: FROZEN });
    twice.setAttributes(shareAttributes({ port: 1, also: 2 })).end();
    expect(ended[2]?.attributes).toEqual({ ...FROZEN, port: 1, also: 2 });
  });

  test('also counts against the limit when set later', () => {
    const { ended, tracer: started } = tracer({ attributeCount: 4 });
    started
      .startSpan('publish', { attributes: { a: 1, b: 2 } })
      .setAttributes(FROZEN)
      .end();
    expect(ended[0]).toMatchObject({
      attributes: { a: 1, b: 2, system: 'rabbitmq', port: 5672 },
      droppedAttributesCount: 1,
    });
  });

  test('counts against the limit of attributes', () => {
    const { ended, tracer: started } = tracer({ attributeCount: 4 });
    started.startSpan('publish', { attributes: FROZEN }).setAttributes({ a: 1, b: 2, port: 1 }).end();
    expect(ended[0]).toMatchObject({ attributes: { ...FROZEN, a: 1, port: 1 }, droppedAttributesCount: 1 });
    const { ended: fewer, tracer: narrow } = tracer({ attributeCount: 2 });
    narrow.startSpan('publish', { attributes: FROZEN }).end();
    expect(fewer[0]).toMatchObject({
      attributes: { system: 'rabbitmq', port: 5672 },
      droppedAttributesCount: 1,
    });
  });

  test('is cut if values are limited', () => {
    const { ended, tracer: started } = tracer({ attributeValueLength: 3 });
    started.startSpan('publish', { attributes: FROZEN }).end();
    expect(ended[0]?.attributes).toEqual({ system: 'rab', port: 5672, durable: true });
  });

  test.each([
    ['a list, which may still change', { list: ['a'] }],
    ['nothing', { none: undefined }],
    ['a non-ASCII string', { text: 'Ariadne’s ☂' }],
  ])('can hold %s', (_title, values) => {
    const { ended, tracer: started } = tracer();
    const span = started.startSpan('publish', { attributes: shareAttributes({ ...FROZEN, ...values }) });
    expect(sent(span as RecordingSpan)).toEqual({ ...FROZEN, ...JSON.parse(JSON.stringify(values)) });
    span.end();
    expect(ended).toHaveLength(1);
  });

  test('is encoded once, any other object for each span, frozen or not', () => {
    let reads = 0;
    const counting = (attributes: Attributes): Attributes =>
      Object.defineProperty(attributes, 'own', {
        enumerable: true,
        get: () => {
          reads++;
          return 'value';
        },
      });
    const readsOf = (attributes: Attributes) => {
      const { tracer: started } = tracer();
      reads = 0;
      for (const name of ['one', 'two', 'three']) started.startSpan(name, { attributes }).end();
      return reads;
    };
    expect(readsOf(shareAttributes(counting({})))).toBe(1);
    expect(readsOf(Object.freeze(counting({})))).toBe(3);
    expect(readsOf(counting({}))).toBe(3);
  });

  test('looks to every other tracer like an ordinary object, and may be shared again', () => {
    const shared = shareAttributes({ system: 'rabbitmq' });
    expect(shareAttributes(shared)).toBe(shared);
    expect(Object.isFrozen(shared)).toBe(true);
    expect(Object.entries({ ...shared })).toEqual([['system', 'rabbitmq']]);
    expect(JSON.stringify(shared)).toBe('{"system":"rabbitmq"}');
  });
});
