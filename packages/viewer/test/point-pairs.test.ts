import { MAX_POINT_CHARS, type Point, pointIn } from '../src/importing/osprofiler-point.ts';
import { PointPairs } from '../src/importing/point-pairs.ts';
import { parsePoint } from '../src/importing/point-storage.ts';
import { storageUrl, withoutPassword } from '../src/importing/storage-url.ts';

const POINT = {
  name: 'wsgi-start',
  base_id: '3f2b6c1e-8d47-4a0e-9b6d-0c5a7e1f2d34',
  trace_id: '50a149aa-ecbd-4537-916d-a995bcd60b85',
  parent_id: '3f2b6c1e-8d47-4a0e-9b6d-0c5a7e1f2d34',
  timestamp: '2026-07-01T12:00:00.000001',
  info: { host: 'vm' },
  project: 'keystone',
  service: 'public',
};

const point = (end: 'start' | 'stop', id: string): Point =>
  pointIn({ ...POINT, name: `db-${end}`, trace_id: id });

function nested(levels: number): object {
  let value: object = {};
  for (let level = 1; level < levels; level++) value = { value };
  return value;
}

test.each(['1', '12', '000001'])('a time with the fraction %s is read as UTC', (fraction) => {
  const pairs = new PointPairs();
  pairs.add(pointIn({ ...POINT, timestamp: `2026-07-01T12:00:00.${fraction}` }), 0, undefined);
  const [span] = pairs.takeAll().spans;
  const nanos = BigInt(fraction.padEnd(9, '0'));
  expect(span?.startTimeUnixNano).toBe(1_782_907_200_000_000_000n + nanos);
});

test.each<[string, unknown]>([
  ['a text', 'text'],
  ['null', null],
  ['a list', [POINT]],
  ['no name', { ...POINT, name: undefined }],
  ['a name without -start or -stop', { ...POINT, name: 'wsgi' }],
  ['a name of 300 characters', { ...POINT, name: `${'x'.repeat(294)}-start` }],
  ['an empty id of the trace', { ...POINT, base_id: '' }],
  ['an id of the span that is a number', { ...POINT, trace_id: 5 }],
  ['a time with a zone', { ...POINT, timestamp: '2026-07-01T12:00:00.1Z' }],
  ['a day that does not exist', { ...POINT, timestamp: '2026-13-41T12:00:00.1' }],
  ['a time before 1970', { ...POINT, timestamp: '1969-12-31T23:59:59.0' }],
  ['info that is a text', { ...POINT, info: 'x' }],
  ['info of 34 levels', { ...POINT, info: nested(34) }],
  ['more than a million characters', { ...POINT, info: { text: 'x'.repeat(MAX_POINT_CHARS) } }],
])('%s is malformed', (_, value) => {
  expect(parsePoint(JSON.stringify(value))).toBeUndefined();
});

test('text that is not JSON is malformed, even if it nests deeper than the stack', () => {
  expect(parsePoint('{"name":NaN}')).toBeUndefined();
  expect(parsePoint('['.repeat(500_000) + ']'.repeat(500_000))).toBeUndefined();
  const deep = `{"info":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`;
  expect(
    parsePoint(`${deep},"name":"a-start","base_id":"a","trace_id":"b","timestamp":"${POINT.timestamp}"}`),
  ).toBe(undefined);
});

test('absent and unusable details do not make a point malformed', () => {
  const bare = pointIn({ ...POINT, info: null, project: null, service: 7, parent_id: undefined });
  const pairs = new PointPairs();
  pairs.add(bare, 0, undefined);
  const [span] = pairs.takeAll().spans;
  expect(span?.resource.attributes).toEqual({ 'service.name': 'unknown_service' });
  expect(span).not.toHaveProperty('parentSpanId');
});

test('keys and values of any kind become attributes', () => {
  const info = {
    request: { method: { toString: 1 }, path: 5 },
    etype: { toString: 1 },
    ['__proto__']: 'x',
    function: { ['__proto__']: 'y', name: 'f' },
    constructor: null,
  };
  const pairs = new PointPairs();
  pairs.add(pointIn(JSON.parse(JSON.stringify({ ...POINT, name: 'constructor-start', info }))), 0, undefined);
  const [span] = pairs.takeAll().spans;
  expect(span).toMatchObject({ name: 'f', kind: 'INTERNAL' });
  expect(Object.getPrototypeOf(span?.attributes)).toBe(Object.prototype);
});

test('a span is complete with its second point, whichever comes first', () => {
  const pairs = new PointPairs<string>();
  pairs.add(point('stop', 'a'), 1, '1');
  pairs.add(point('start', 'b'), 1, '2');
  expect(pairs.take()).toMatchObject({ spans: [], receipts: [] });
  pairs.add(point('start', 'a'), 1, '3');
  expect(pairs.take()).toMatchObject({ spans: [{ name: 'db' }], incomplete: 0, receipts: ['1', '3'] });
  expect(pairs.takeAll()).toMatchObject({
    spans: [{ attributes: { 'osprofiler.trace_id': 'b', 'osprofiler.missing': 'stop' } }],
    incomplete: 1,
    receipts: ['2'],
  });
  expect(pairs.takeAll().spans).toEqual([]);
});

test.each([
  ['maxOpen', { maxOpen: 2 }],
  ['maxOpenChars', { maxOpenChars: 20 }],
])('beyond %s, the oldest incomplete spans are taken', (_, limits) => {
  const pairs = new PointPairs<string>(limits);
  for (const id of ['a', 'b', 'c']) pairs.add(point('start', id), 10, id);
  expect(pairs.take().receipts).toEqual(['a']);
  pairs.add(point('stop', 'c'), 10, 'C');
  expect(pairs.take()).toMatchObject({ receipts: ['c', 'C'], incomplete: 0 });
  expect(pairs.take().receipts).toEqual([]);
});

test('incomplete spans beyond the maximum age are taken', () => {
  jest.useFakeTimers({ doNotFake: [] });
  const pairs = new PointPairs<string>({ maxAgeMs: 1000 });
  pairs.add(point('start', 'a'), 10, 'a');
  jest.advanceTimersByTime(600);
  pairs.add(point('start', 'b'), 10, 'b');
  jest.advanceTimersByTime(600);
  expect(pairs.take()).toMatchObject({ receipts: ['a'], incomplete: 1 });
  jest.useRealTimers();
});

test.each([
  ['redis://:secret@host:6379/1', 'redis', 'redis://host:6379/1'],
  ['REDISS://host', 'redis', 'rediss://host'],
  ['postgresql+psycopg2://user:secret@host/db?password=secret', 'postgresql', 'postgresql://user@host/db'],
  ['mysql+pymysql://user:secret@host/db', 'mysql', 'mysql://user@host/db'],
  ['rabbit://user:secret@host:5672/vhost', 'messaging', 'amqp://user@host:5672/vhost'],
])('%s is a storage, whose password is not shown', (text, kind, shown) => {
  const storage = storageUrl(text);
  expect([storage?.kind, withoutPassword(storage!.url)]).toEqual([kind, shown]);
});

test.each(['trace.json', '-', './redis:/x', 'C:\\traces\\a.json'])('%s is a file', (text) => {
  expect(storageUrl(text)).toBeUndefined();
});
