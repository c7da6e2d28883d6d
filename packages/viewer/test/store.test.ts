import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Trace } from '../src/span-record.ts';
import { TraceStore } from '../src/store.ts';
import { ORDER, type SpanSketch, sketch, TRACE_ID } from './sample-trace.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'clew-store-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function id(number: number): string {
  return (number + 1).toString(16).padStart(32, '0');
}

function numbered(number: number, span: Partial<SpanSketch> = {}): Trace {
  return sketch([{ id: '1', name: `trace ${number}`, ...span }], id(number));
}

test('returns a trace as it was added', () => {
  const store = new TraceStore();
  store.add(ORDER.spans);
  const back = store.trace(TRACE_ID);
  const byId = (a: { spanId: string }, b: { spanId: string }) => (a.spanId < b.spanId ? -1 : 1);
  expect([...back!.spans].sort(byId)).toEqual([...ORDER.spans].sort(byId));
  expect(store.trace('0'.repeat(32))).toBeUndefined();
  store.close();
});

test('stores values that JSON cannot represent as strings', () => {
  const store = new TraceStore();
  const attributes = {
    big: 2n ** 60n,
    raw: new Uint8Array([0, 255]),
    none: Number.NaN,
    list: [Number.POSITIVE_INFINITY],
  };
  store.add(numbered(1, { attributes }).spans);
  expect(store.trace(id(1))?.spans[0]?.attributes).toEqual({
    big: '1152921504606846976',
    raw: 'AP8=',
    none: 'NaN',
    list: ['Infinity'],
  });
  store.close();
});

test("a summary has the root's name, even if it arrives last, and counts spans of several requests", () => {
  const store = new TraceStore();
  const [root, ...rest] = ORDER.spans;
  for (const span of rest) store.add([span]);
  expect(store.summary(TRACE_ID)).toMatchObject({ name: 'middleware - authenticate', spans: 9, errors: 2 });
  store.add([root!]);
  expect(store.traces()).toEqual([
    {
      traceId: TRACE_ID,
      seq: 1,
      name: 'POST /orders',
      service: 'gateway',
      route: '/orders',
      status: 402,
      services: expect.arrayContaining(['gateway', 'orders', 'mailer', 'payments']),
      startTimeUnixNano: '1782907200000000000',
      durationMs: 84.2,
      spans: 10,
      errors: 3,
    },
  ]);
  store.close();
});

test('the JSON of a trace comes in parts, which are small if its spans are large', () => {
  const store = new TraceStore();
  const spans = (count: number, payload: string) =>
    Array.from({ length: count }, (_, index) => ({
      id: (index + 1).toString(16),
      name: 'step',
      attributes: { payload },
    }));
  store.add(sketch(spans(1500, ''), id(1)).spans);
  store.add(sketch(spans(100, 'x'.repeat(1_000_000)), id(2)).spans);
  const [small, large] = [id(1), id(2)].map((traceId) => [...store.traceJsonParts(traceId)]);
  expect(small!.map((part) => part.match(/"step"/g)?.length ?? 0)).toEqual([
    10, 20, 40, 80, 160, 320, 500, 370, 0,
  ]);
  expect(large!.map((part) => part.match(/"step"/g)?.length ?? 0).slice(0, 4)).toEqual([10, 2, 1, 1]);
  for (const parts of [small, large]) expect(() => JSON.parse(parts!.join(''))).not.toThrow();
  expect([...store.traceJsonParts(id(1), 60)].join('').match(/"step"/g)).toHaveLength(60);
  store.close();
});

test('ignores a retried export', () => {
  const store = new TraceStore();
  store.add(ORDER.spans);
  store.add(ORDER.spans);
  expect(store.counts()).toEqual({ traces: 1, spans: 10, logs: 0 });
  expect(store.summary(TRACE_ID)).toMatchObject({ spans: 10, errors: 3 });
  store.close();
});

test('removes the oldest traces beyond its maximum size', () => {
  const store = new TraceStore({ maxMb: 1 });
  const payload = 'x'.repeat(10_000);
  for (let number = 0; number < 300; number++) store.add(numbered(number, { attributes: { payload } }).spans);
  const kept = store.traces({ limit: 1000 });
  const bytes = kept.reduce((sum, { traceId }) => sum + store.traceJson(traceId)!.length, 0);
  expect(bytes).toBeLessThan(1024 * 1024);
  expect(bytes).toBeGreaterThan(512 * 1024);
  expect(kept.map((summary) => summary.name)).toEqual(kept.map((_, index) => `trace ${299 - index}`));
  expect(store.counts()).toEqual({ traces: kept.length, spans: kept.length, logs: 0 });
  expect(store.trace(id(0))).toBeUndefined();
  store.close();
});

test('does not keep a single trace larger than the maximum size', () => {
  const store = new TraceStore({ maxMb: 1 });
  const spans = Array.from({ length: 300 }, (_, index) => ({
    id: String(index),
    name: 'large',
    attributes: { payload: 'x'.repeat(10_000) },
  }));
  store.add(sketch(spans).spans);
  expect(store.counts()).toEqual({ traces: 0, spans: 0, logs: 0 });
  store.add(numbered(1).spans);
  expect(store.counts()).toEqual({ traces: 1, spans: 1, logs: 0 });
  store.close();
});

test('accepts times that SQLite cannot hold, and spans that end before they start', () => {
  const store = new TraceStore();
  const [span] = numbered(1).spans;
  store.add([{ ...span!, startTimeUnixNano: 2n ** 64n - 1n, endTimeUnixNano: 0n }]);
  expect(store.summary(id(1))).toMatchObject({ startTimeUnixNano: String(2n ** 63n - 1n), durationMs: 0 });
  expect(store.trace(id(1))?.spans[0]?.startTimeUnixNano).toBe(2n ** 64n - 1n);
  store.close();
});

test('keeps traces in a file, shrinks it when opened with a smaller maximum, and can be read meanwhile', () => {
  const file = join(folder, 'traces.db');
  const store = new TraceStore({ file, maxMb: 8 });
  for (let number = 0; number < 300; number++) {
    store.add(numbered(number, { attributes: { payload: 'x'.repeat(10_000) } }).spans);
  }
  const reader = new TraceStore({ file, readOnly: true });
  expect(reader.counts().traces).toBe(300);
  reader.close();
  store.close();
  const again = new TraceStore({ file, maxMb: 1 });
  expect(again.counts().traces).toBeLessThan(110);
  expect(again.traces({ limit: 1 })[0]?.name).toBe('trace 299');
  again.close();
});

test('rejects the file of another application and leaves it unchanged', () => {
  const file = join(folder, 'other.db');
  const other = new DatabaseSync(file);
  other.exec('CREATE TABLE precious (x); INSERT INTO precious VALUES (1)');
  other.close();
  expect(() => new TraceStore({ file })).toThrow(`${file} is not a trace store`);
  const after = new DatabaseSync(file);
  expect(after.prepare('SELECT name FROM sqlite_schema').all()).toEqual([{ name: 'precious' }]);
  after.close();
  const text = join(folder, 'text.db');
  writeFileSync(text, 'not a database '.repeat(100));
  expect(() => new TraceStore({ file: text })).toThrow('file is not a database');
});

test('removes traces beyond its maximum age', () => {
  jest.useFakeTimers({ now: 0 });
  const store = new TraceStore({ maxAgeHours: 1 });
  store.add(numbered(1).spans);
  jest.setSystemTime(3_000_000);
  store.add(numbered(2).spans);
  jest.setSystemTime(3_700_000);
  store.trim();
  expect(store.traces().map(({ name }) => name)).toEqual(['trace 2']);
  expect(store.counts()).toEqual({ traces: 1, spans: 1, logs: 0 });
  store.close();
  jest.useRealTimers();
});

test('rejects an invalid maximum size with its value', () => {
  expect(() => new TraceStore({ maxMb: 0 })).toThrow('@clew/viewer: expected maxMb of at least 1, got 0');
  expect(() => new TraceStore({ maxMb: Number.NaN })).toThrow('got NaN');
  expect(() => new TraceStore({ maxAgeHours: 0 })).toThrow('expected maxAgeHours of at least 0.01, got 0');
});
