import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportRequests } from '../src/importing/export-requests.ts';
import { readTraces } from '../src/importing/read-traces.ts';
import { clew } from './clew-process.ts';
import { ORDER, sketch } from './sample-trace.ts';

const OWN = {
  traceId: 'a'.repeat(32),
  spanId: 'b'.repeat(16),
  name: 'own',
  startTimeUnixNano: '1782907200000000000',
  endTimeUnixNano: '1782907200000000001',
};

function own(span: object): string {
  return JSON.stringify({ traceId: OWN.traceId, spans: [{ ...OWN, ...span }] });
}

/** JSON with lists nested so deep in place of the text NESTED: JSON.stringify cannot write them. */
function nested(depth: number, span: object): string {
  return own(span).replace('"NESTED"', '['.repeat(depth) + ']'.repeat(depth));
}

/** What is stored of a file. */
function imported(text: string) {
  return exportRequests(readTraces(text)).flatMap(({ spans }) => spans);
}

test('its own JSON needs only ids, a name and times', () => {
  expect(imported(own({}))).toEqual([
    expect.objectContaining({ name: 'own', kind: 'INTERNAL', attributes: {}, events: [], links: [] }),
  ]);
});

test.each([
  [{ traceId: 5 }, 'expected at most 32 hex digits in traceId, got 5'],
  [{ spanId: '0' }, 'expected an id other than zero in spanId, got "0"'],
  [{ parentSpanId: 'x' }, 'expected at most 16 hex digits in parentSpanId, got "x"'],
  [{ name: null }, 'expected a text in name, got null'],
  [{ kind: 'LAMBDA' }, 'expected one of INTERNAL, SERVER, CLIENT, PRODUCER, CONSUMER in kind, got "LAMBDA"'],
  [{ startTimeUnixNano: 5 }, 'expected nanoseconds as a text of digits in startTimeUnixNano, got 5'],
  [{ startTimeUnixNano: '-1' }, 'in startTimeUnixNano, got "-1"'],
  [{ endTimeUnixNano: '9'.repeat(20) }, 'in endTimeUnixNano, got "99999999999999999999"'],
  [{ attributes: [] }, 'expected an object in attributes, got a list'],
  [{ events: 1 }, 'expected a list in events, got 1'],
  [{ events: [{ name: 'x' }] }, 'in events.timeUnixNano, got undefined'],
  [{ links: [{ traceId: 'a' }] }, 'expected at most 16 hex digits in links.spanId, got undefined'],
  [{ status: { code: 'BAD' } }, 'expected one of UNSET, OK, ERROR in status.code, got "BAD"'],
  [{ flags: -1 }, 'expected a whole number in [0, 4294967295] in flags, got -1'],
  [{ resource: [] }, 'expected an object in resource, got a list'],
])('its own JSON with %j is refused', (span, message) => {
  expect(() => readTraces(own(span))).toThrow(message);
});

test('its own JSON with a time of a million digits is refused, in a short message', () => {
  const read = () => readTraces(own({ endTimeUnixNano: '9'.repeat(1_000_000) }));
  expect(read).toThrow(/in endTimeUnixNano, got "9{99}$/);
});

test.each(['Jaeger', 'Zipkin', 'its own JSON'])(
  'an attribute of %s named __proto__ is one like any other',
  (format) => {
    const texts: { [format: string]: string } = {
      Jaeger:
        '{"data":[{"spans":[{"traceID":"a","spanID":"b","operationName":"x","startTime":1,"duration":1,"tags":[{"key":"__proto__","value":"v"}]}]}]}',
      Zipkin: '[{"traceId":"a","id":"b","tags":{"__proto__":"v"}}]',
      'its own JSON': own({}).replace('"name"', '"attributes":{"__proto__":"v"},"name"'),
    };
    const [span] = imported(texts[format]!);
    expect(Object.entries(span!.attributes)).toEqual([['__proto__', 'v']]);
    expect(Object.getPrototypeOf(span!.attributes)).toBe(Object.prototype);
  },
);

test.each(['constructor', '__proto__', 5])('a span of Jaeger with the kind %j is internal', (kind) => {
  const tags = [{ key: 'span.kind', value: kind }, { key: 'without a value' }];
  const span = { traceID: 'a', spanID: 'b', operationName: 'x', startTime: 1, duration: 1, tags };
  expect(imported(JSON.stringify({ data: [{ spans: [span] }] }))).toEqual([
    expect.objectContaining({
      kind: 'INTERNAL',
      attributes: { 'span.kind': kind, 'without a value': null },
    }),
  ]);
});

test('numbers that JSON or 64 bits cannot hold are kept', () => {
  const attributes = '{"large":1e300,"infinite":1e999,"list":[0.5,-3]}';
  const [span] = imported(own({}).replace('"name"', `"attributes":${attributes},"name"`));
  expect(span?.attributes).toEqual({ large: 1e300, infinite: Number.POSITIVE_INFINITY, list: [0.5, -3] });
});

test.each([
  ['a list of lists of lists', `[[[${JSON.stringify({ traceId: 'a', id: 'b' })}]]]`],
  ['lists nested a million deep', '['.repeat(1_000_000) + ']'.repeat(1_000_000)],
])('Zipkin: %s is refused', (_, text) => {
  expect(() => readTraces(text)).toThrow('expected an object in span, got a list');
});

test('values may be nested 64 deep, as in received spans', () => {
  const attributes = { deep: 'NESTED' };
  expect(imported(nested(65, { attributes }))).toHaveLength(1);
  for (const depth of [66, 1_000_000])
    for (const span of [{ attributes }, { resource: { attributes } }])
      expect(() => imported(nested(depth, span))).toThrow('an attribute is nested deeper than 64');
});

test('a request has at most 1,000 spans, and at most the bytes that a collector accepts', () => {
  const spans = Array.from({ length: 2100 }, (_, index) => ({ id: (index + 1).toString(16), name: 'x' }));
  const sizes = (maxBytes?: number) =>
    exportRequests(sketch(spans).spans, maxBytes).map((request) => request.spans.length);
  expect(sizes()).toEqual([1000, 1000, 100]);
  const small = sizes(20_000);
  expect(Math.max(...small)).toBeLessThan(100);
  expect(small.reduce((sum, size) => sum + size)).toBe(2100);
  expect(() => sizes(100)).toThrow(/^expected spans of at most 100 bytes, got \d+ in span "x"$/);
});

test('what is written as OTLP is read again without a difference', () => {
  expect(exportRequests(ORDER.spans).flatMap(({ spans }) => spans)).toEqual(
    expect.arrayContaining([...ORDER.spans]),
  );
});

describe('clew import', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'clew-import-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('stores nothing if a span of one file exceeds a limit', async () => {
    const [right, wrong, store] = ['right.json', 'wrong.json', 'none.db'].map((name) => join(folder, name));
    writeFileSync(right!, own({}));
    writeFileSync(wrong!, nested(100, { attributes: { deep: 'NESTED' } }));
    const { status, stderr } = await clew(['import', right!, wrong!, '--store', store!]);
    expect([status, stderr]).toEqual([1, 'clew: an attribute is nested deeper than 64\n']);
    expect((await clew(['list', '--store', store!])).status).toBe(1);
  });
});
