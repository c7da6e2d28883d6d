import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { TraceStore } from '../src/store.ts';
import { logRecord } from './sample-logs.ts';
import { ORDER, sketch, TRACE_ID } from './sample-trace.ts';

const OTHER = 'b'.repeat(32);
const id = (number: number) => (number + 1).toString(16).padStart(32, '0');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'clew-logs-'));
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

/** Sets the clock of the store. */
function atMinute(minute: number): void {
  jest.spyOn(Date, 'now').mockReturnValue(1_782_907_200_000 + minute * 60_000);
}

test('log records are part of the JSON of their trace, also in parts', () => {
  const store = new TraceStore();
  store.add(ORDER.spans);
  expect(JSON.parse(store.traceJson(TRACE_ID)!)).not.toHaveProperty('logs');
  store.addLogs(Array.from({ length: 1200 }, (_, index) => logRecord({ body: `log ${index}` })));
  store.addLogs([logRecord({ traceId: OTHER })]);
  const { spans, logs } = JSON.parse(store.traceJson(TRACE_ID)!);
  expect(spans).toHaveLength(10);
  expect(logs.map((log: { body: string }) => log.body)).toEqual(
    Array.from({ length: 1200 }, (_, index) => `log ${index}`),
  );
  expect(logs[0]).toMatchObject({ timeUnixNano: '1782907200001000000', resource: { attributes: {} } });
  const limited = JSON.parse([...store.traceJsonParts(TRACE_ID, 3)].join(''));
  expect([limited.spans.length, limited.logs.length]).toEqual([3, 1200]);
  expect(JSON.parse([...store.traceJsonParts(TRACE_ID, 3, false)].join(''))).not.toHaveProperty('logs');
  store.close();
});

test('every value of a record is stored', () => {
  const store = new TraceStore();
  const record = logRecord({
    body: { big: 2n ** 60n, list: [1, 'a', null] },
    attributes: { __proto__: null },
  });
  store.add(ORDER.spans);
  store.addLogs([record, logRecord({ body: Number.NaN }), logRecord({ body: new Uint8Array([1]) })]);
  expect(store.trace(TRACE_ID)?.logs?.map(({ body }) => body)).toEqual([
    { big: String(2n ** 60n), list: [1, 'a', null] },
    'NaN',
    'AQ==',
  ]);
  store.close();
});

test('log records are removed with their trace, when the store is full', () => {
  const store = new TraceStore({ maxMb: 1 });
  for (let number = 0; number < 100; number++) {
    const traceId = id(number);
    store.add(sketch([{ id: '1', name: `trace ${number}` }], traceId).spans);
    store.addLogs([logRecord({ traceId, body: 'x'.repeat(20_000) })]);
  }
  const { traces, logs } = store.counts();
  expect(traces).toBeGreaterThan(20);
  expect(traces).toBeLessThan(60);
  expect(logs).toBe(traces);
  expect(store.trace(id(99))?.logs).toHaveLength(1);
  store.close();
});

test('log records without a trace are removed before newer traces, when the store is full', () => {
  const store = new TraceStore({ maxMb: 1 });
  atMinute(0);
  for (let number = 0; number < 30; number++)
    store.addLogs([logRecord({ traceId: id(number), body: 'x'.repeat(20_000) })]);
  atMinute(1);
  store.add(ORDER.spans);
  store.addLogs(Array.from({ length: 40 }, () => logRecord({ body: 'x'.repeat(10_000) })));
  const { traces, logs } = store.counts();
  expect(traces).toBe(1);
  expect(logs).toBeGreaterThan(40);
  expect(logs).toBeLessThan(70);
  expect(store.trace(TRACE_ID)?.logs).toHaveLength(40);
  store.close();
});

test('log records of a trace that does not arrive are removed after ten minutes', () => {
  const store = new TraceStore();
  atMinute(0);
  store.addLogs([logRecord(), logRecord({ traceId: OTHER })]);
  store.add(ORDER.spans);
  atMinute(9);
  store.addLogs([logRecord({ traceId: id(1) })]);
  expect(store.counts().logs).toBe(3);
  atMinute(11);
  store.addLogs([logRecord({ traceId: id(2) })]);
  expect(store.counts().logs).toBe(3);
  expect(store.trace(TRACE_ID)?.logs).toHaveLength(1);
  atMinute(60);
  store.addLogs([logRecord({ traceId: id(3) })]);
  expect(store.counts().logs).toBe(2);
  store.close();
});

test('many traces that do not arrive are removed as fast as others are added', () => {
  const store = new TraceStore();
  const add = (from: number) =>
    store.addLogs(Array.from({ length: 500 }, (_, index) => logRecord({ traceId: id(from + index) })));
  for (let minute = 0; minute < 40; minute++) {
    atMinute(minute);
    add(minute * 500);
  }
  expect(store.counts().logs).toBe(5500);
  store.close();
});

test('log records older than the maximum age are removed, with their traces and without', () => {
  const store = new TraceStore({ maxAgeHours: 1 });
  atMinute(0);
  store.add(ORDER.spans);
  store.addLogs([logRecord(), logRecord({ traceId: OTHER })]);
  atMinute(59);
  store.trim();
  expect(store.counts()).toMatchObject({ traces: 1, logs: 2 });
  atMinute(61);
  store.trim();
  expect(store.counts()).toEqual({ traces: 0, spans: 0, logs: 0 });
  store.close();
});

describe('a file of a version without log records', () => {
  let file: string;
  beforeEach(() => {
    file = join(folder, 'traces.db');
    const store = new TraceStore({ file });
    store.add(ORDER.spans);
    store.close();
    const database = new DatabaseSync(file);
    database.exec('DROP TABLE log; DROP TABLE logs; PRAGMA user_version = 2');
    database.close();
  });

  test('can be read, without being changed', () => {
    const store = new TraceStore({ file, readOnly: true });
    expect(store.trace(TRACE_ID)?.spans).toHaveLength(10);
    expect(store.trace(TRACE_ID)?.logs).toBeUndefined();
    store.close();
    const database = new DatabaseSync(file, { readOnly: true });
    expect(database.prepare('PRAGMA user_version').get()).toEqual({ user_version: 2 });
    database.close();
  });

  test('is extended by a collector, and keeps its traces', () => {
    for (const expected of [1, 2]) {
      const store = new TraceStore({ file });
      store.addLogs([logRecord()]);
      expect(store.trace(TRACE_ID)?.logs).toHaveLength(expected);
      store.close();
    }
    const reader = new TraceStore({ file, readOnly: true });
    expect(reader.trace(TRACE_ID)?.logs).toHaveLength(2);
    reader.close();
  });
});
