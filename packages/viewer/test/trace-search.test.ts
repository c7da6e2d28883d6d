import type { Trace } from '../src/span-record.ts';
import { TraceStore } from '../src/store.ts';
import { filterFromParameters, filterToParameters, type TraceFilter } from '../src/trace-filter.ts';
import { ORDER, type SpanSketch, START, sketch } from './sample-trace.ts';

function id(number: number): string {
  return (number + 1).toString(16).padStart(32, '0');
}

function numbered(number: number, span: Partial<SpanSketch> = {}): Trace {
  return sketch([{ id: '1', name: `trace ${number}`, ...span }], id(number));
}

test('finds traces by service, duration and errors, newest first', () => {
  const store = new TraceStore();
  store.add(numbered(1, { service: 'a', ms: 5 }).spans);
  store.add(numbered(2, { service: 'b', ms: 50, error: 'x' }).spans);
  store.add(numbered(3, { service: 'a', ms: 500 }).spans);
  const names = (query: Parameters<TraceStore['traces']>[0]) =>
    store.traces(query).map((summary) => summary.name);
  expect(names({})).toEqual(['trace 3', 'trace 2', 'trace 1']);
  expect(names({ limit: 2 })).toEqual(['trace 3', 'trace 2']);
  expect(names({ service: 'a' })).toEqual(['trace 3', 'trace 1']);
  expect(names({ minDurationMs: 50 })).toEqual(['trace 3', 'trace 2']);
  expect(names({ errors: true })).toEqual(['trace 2']);
  expect(names({ service: 'a', errors: true })).toEqual([]);
  expect(store.ids(id(2))).toEqual([id(2)]);
  expect(store.ids('0000')).toHaveLength(2);
  store.close();
});

const REQUEST = { 'http.request.method': 'GET', 'http.route': '/a', 'http.response.status_code': 200 };
const MS = Number(START / 1_000_000n);

let store: TraceStore;
beforeAll(() => {
  store = new TraceStore();
  store.add(numbered(1, { attributes: { ...REQUEST, 'clew.sampling.policy': 'health' } }).spans);
  store.add(numbered(2, { attributes: { ...REQUEST, 'http.response.status_code': 503 }, ms: 20 }).spans);
  store.add(numbered(3, { at: 10_000, attributes: { 'user.id': 7, flag: true, 'say "hi"': '50%' } }).spans);
  store.add(ORDER.spans);
});
afterAll(() => store.close());

test.each<[TraceFilter, string[]]>([
  [{ route: '/a' }, ['trace 2', 'trace 1']],
  [{ route: 'trace 3' }, ['trace 3']],
  [{ status: '5xx' }, ['trace 2']],
  [{ status: '503' }, ['trace 2']],
  [{ status: '404' }, []],
  [{ policy: 'health' }, ['trace 1']],
  [{ maxDurationMs: 1 }, ['trace 3', 'trace 1']],
  [{ from: MS + 1 }, ['trace 3']],
  [{ from: MS - 1, to: MS + 1, maxDurationMs: 50 }, ['trace 2', 'trace 1']],
  [{ attributes: ['user.id=7'] }, ['trace 3']],
  [{ attributes: ['user.id=7', 'flag=true'] }, ['trace 3']],
  [{ attributes: ['user.id=70'] }, []],
  [{ attributes: ['say "hi"=50%'] }, ['trace 3']],
  [{ attributes: ['service.name=mailer'] }, ['POST /orders']],
  [{ text: '50%' }, ['trace 3']],
  [{ text: '"HI"' }, ['trace 3']],
  [{ text: 'DECLINED', errors: true }, ['POST /orders']],
  [{ text: 'nothing like it' }, []],
])('finds traces by %j', (filter, names) => {
  expect(store.traces(filter).map(({ name }) => name)).toEqual(names);
  expect(filterFromParameters(filterToParameters(filter))).toEqual(filter);
});

test.each([
  ['status=abc', 'expected status as 404 or 4xx, got "abc"'],
  ['minDurationMs=-1', 'expected minDurationMs in [0, 9007199254740991], got "-1"'],
  ['from=soon', 'expected from in [0, 8640000000000000], got "soon"'],
  ['from=-1', 'expected from in [0, 8640000000000000], got "-1"'],
  ['to=8640000000000001', 'expected to in [0, 8640000000000000], got "8640000000000001"'],
  ['attribute=a=b&'.repeat(21), 'expected at most 20 attributes, got 21'],
  ['attribute=key', 'expected attribute as key=value, got "key"'],
])('rejects the parameters %s', (parameters, message) => {
  expect(() => filterFromParameters(new URLSearchParams(parameters))).toThrow(message);
});

test('accepts the first and the last time of a Date, and 20 attributes', () => {
  const parameters = `from=0&to=8640000000000000&${'attribute=a=b&'.repeat(20)}`;
  const filter = filterFromParameters(new URLSearchParams(parameters));
  expect(filter).toMatchObject({ from: 0, to: 8.64e15 });
  expect(store.traces(filter)).toEqual([]);
  expect(() => new Date(filter.to!).toISOString()).not.toThrow();
});

test('continues a list before a trace', () => {
  const [first, second] = store.traces({ limit: 2 });
  expect(store.traces({ before: second!.seq }).map(({ name }) => name)).toEqual(['trace 2', 'trace 1']);
  expect(first!.seq).toBeGreaterThan(second!.seq);
});

describe('the name of a trace', () => {
  const client = { id: '1', name: 'GET', kind: 'CLIENT', service: 'script' } as const;
  const server = {
    id: '2',
    parent: '1',
    name: 'GET /a',
    kind: 'SERVER',
    at: 1,
    attributes: REQUEST,
  } as const;
  const below = { id: '3', parent: '2', name: 'GET /b', kind: 'SERVER', at: 2 } as const;

  test.each([
    ['in order', [client, server, below]],
    ['the server first', [server, below, client]],
    ['the root last', [below, server, client]],
  ])('is that of the server which a client at the root has called: %s', (_order, spans) => {
    const each = new TraceStore();
    for (const span of spans) each.add(sketch([span]).spans);
    expect(each.traces()).toMatchObject([{ name: 'GET /a', service: 'shop', route: '/a', status: 200 }]);
    each.close();
  });

  test('is that of a client without a server', () => {
    const each = new TraceStore();
    each.add(sketch([client, below]).spans);
    expect(each.traces()).toMatchObject([{ name: 'GET', service: 'script', route: 'GET' }]);
    each.close();
  });
});

test('a search lets others work, and does not return what was received after its start', () => {
  const many = new TraceStore();
  for (let number = 0; number < 5000; number += 500)
    many.add(Array.from({ length: 500 }, (_, index) => numbered(number + index).spans[0]!));
  let [pauses, found] = [0, 0];
  for (const summary of many.search({ service: 'shop' })) {
    if (summary !== undefined) found++;
    else if (pauses++ === 0) many.add(numbered(9000).spans);
  }
  expect(found).toBe(5000);
  expect(pauses).toBeGreaterThan(1);
  many.close();
});
