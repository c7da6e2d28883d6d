import { type SpanLimits, TracerProvider } from '../src/index.ts';
import { keptSpans } from './kept-spans.ts';

const context = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 };
const numbered = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, i]));

function startLimited(limits: Partial<SpanLimits>) {
  const kept = keptSpans();
  const provider = new TracerProvider({ exporter: false, spanProcessors: [kept], limits });
  return { span: provider.getTracer('t').startSpan('s'), kept };
}

test('drops and counts attributes over the limit; existing ones can still be changed', () => {
  const { span, kept } = startLimited({ attributeCount: 2 });
  span.setAttributes({ a: 1, b: 2, c: 3 }).setAttribute('d', 4).setAttribute('a', 5);
  span.end();
  expect(kept.spans[0]).toMatchObject({ attributes: { a: 5, b: 2 }, droppedAttributesCount: 2 });
});

test('counts attributes set at the start', () => {
  const kept = keptSpans();
  const provider = new TracerProvider({ exporter: false, spanProcessors: [kept] });
  provider
    .getTracer('t')
    .startSpan('s', { attributes: numbered(200) })
    .end();
  expect(Object.keys(kept.spans[0]!.attributes)).toHaveLength(128);
  expect(kept.spans[0]!.droppedAttributesCount).toBe(72);
});

test('cuts long strings, also in lists, maps and exceptions, and byte arrays', () => {
  const { span, kept } = startLimited({ attributeValueLength: 3 });
  span.setAttributes({
    text: 'abcdef',
    list: ['abcdef', 'a'],
    map: { a: 'abcdef' },
    n: 123456,
    bytes: new Uint8Array(9),
  });
  span.addEvent('event name', { text: 'abcdef' });
  span.recordException('abcdef');
  span.addLink({ context, attributes: { text: 'abcdef' } });
  span.end();
  expect(kept.spans[0]).toMatchObject({
    attributes: { text: 'abc', list: ['abc', 'a'], map: { a: 'abc' }, n: 123456, bytes: new Uint8Array(3) },
    events: [
      { name: 'event name', attributes: { text: 'abc' } },
      { attributes: { 'exception.message': 'abc' } },
    ],
    links: [{ attributes: { text: 'abc' } }],
    droppedAttributesCount: 0,
  });
});

test('keeps the newest of too many events and links', () => {
  const { span, kept } = startLimited({ eventCount: 2, linkCount: 1 });
  for (const name of ['a', 'b', 'c']) span.addEvent(name).addLink({ context, attributes: { name } });
  span.end();
  expect(kept.spans[0]).toMatchObject({ droppedEventsCount: 1, droppedLinksCount: 2 });
  expect(kept.spans[0]!.events.map(({ name }) => name)).toEqual(['b', 'c']);
  expect(kept.spans[0]!.links.map(({ attributes }) => attributes)).toEqual([{ name: 'c' }]);
});

test('a limit of zero keeps nothing', () => {
  const { span, kept } = startLimited({ eventCount: 0, linkCount: 0, attributeCount: 0 });
  span.addEvent('a').addLink({ context }).setAttribute('a', 1).recordException('e');
  span.end();
  expect(kept.spans[0]).toMatchObject({
    events: [],
    links: [],
    attributes: {},
    ...{ droppedEventsCount: 2, droppedLinksCount: 1, droppedAttributesCount: 1 },
  });
});

test('events and links have their own limits', () => {
  const { span, kept } = startLimited({ attributesPerEvent: 1, attributesPerLink: 2 });
  span.addEvent('e', numbered(4)).addLink({ context, attributes: numbered(4) });
  span.end();
  expect(kept.spans[0]!.events[0]).toMatchObject({ attributes: { k0: 0 }, droppedAttributesCount: 3 });
  expect(kept.spans[0]!.links[0]).toMatchObject({ attributes: { k0: 0, k1: 1 }, droppedAttributesCount: 2 });
});

test('drops a value that is too wide or too deep', () => {
  const { span, kept } = startLimited({});
  let deep: unknown = 1;
  for (let i = 0; i < 100; i++) deep = [deep];
  span.setAttributes({ wide: new Array(100_000).fill(1), deep, fine: [[[1]]] });
  span.end();
  expect(kept.spans[0]).toMatchObject({ attributes: { fine: [[[1]]] }, droppedAttributesCount: 2 });
});

test.each([
  [{ attributeCount: -1 }, 'limits.attributeCount in [0, 65536], got -1'],
  [{ eventCount: 1.5 }, 'limits.eventCount in [0, 65536], got 1.5'],
  [{ attributeValueLength: 0 }, 'limits.attributeValueLength in [1, Infinity], got 0'],
  [{ linkCount: '5' as never }, 'limits.linkCount in [0, 65536], got "5"'],
  [{ events: 1 } as never, 'limits.events to be one of attributeCount'],
])('rejects %j', (limits, message) => {
  expect(() => new TracerProvider({ exporter: false, limits })).toThrow(`@clew/tracer: expected ${message}`);
});
