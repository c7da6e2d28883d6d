import { osprofilerPoints, type Point, type PointStore } from '@clew/osprofiler';
import { DiagLogLevel, diag } from '@opentelemetry/api';
import { BASE_ID, PARENT_ID } from '../golden-rows.ts';
import { childOf, makeSpan, receivedSpan } from './make-span.ts';

const IDS = { base_id: BASE_ID, parent_id: PARENT_ID };
const NOTHING_DROPPED = { queueFull: 0, traceFull: 0, failed: 0, shutdown: 0, unusableId: 0 };

const warn = jest.fn();
const ignore = () => {};

beforeAll(() => {
  diag.setLogger({ error: warn, warn, info: ignore, debug: ignore, verbose: ignore }, DiagLogLevel.WARN);
});
afterAll(() => diag.disable());
afterEach(() => warn.mockClear());

/** A store that keeps what it gets. */
function memoryStore() {
  const points: Point[] = [];
  const store: PointStore = {
    write: async (batch) => {
      points.push(...batch);
    },
    close: jest.fn(async () => {}),
  };
  return { store, points };
}

describe('which spans are written', () => {
  test('those of traces that OSProfiler began', async () => {
    const { store, points } = memoryStore();
    const processor = osprofilerPoints(store, { project: 'shop', service: 'api' });
    const root = receivedSpan(IDS);
    processor.onEnd(childOf(root));
    processor.onEnd(root);
    processor.onEnd(makeSpan());
    await processor.forceFlush();
    expect(
      points.map(({ name, parent_id, project, service }) => [name, parent_id, project, service]),
    ).toEqual([
      ['work-start', '00000000-0000-0000-00f0-67aa0ba902b7', 'shop', 'api'],
      ['work-stop', '00000000-0000-0000-00f0-67aa0ba902b7', 'shop', 'api'],
      ['work-start', PARENT_ID, 'shop', 'api'],
      ['work-stop', PARENT_ID, 'shop', 'api'],
    ]);
    expect(processor.stats()).toEqual({ written: 2, waiting: 0, dropped: NOTHING_DROPPED });
  });

  test('all that are sampled, with the option `traces`', async () => {
    const { store, points } = memoryStore();
    const processor = osprofilerPoints(store, { traces: 'all' });
    processor.onEnd(makeSpan());
    processor.onEnd(makeSpan({ context: { ...makeSpan().spanContext(), traceFlags: 0 } }));
    await processor.forceFlush();
    expect(points.map(({ name }) => name)).toEqual(['work-start', 'work-stop']);
  });

  test('none that is not sampled', async () => {
    const { store, points } = memoryStore();
    const processor = osprofilerPoints(store);
    const context = { ...receivedSpan(IDS).spanContext(), traceFlags: 0 };
    processor.onEnd(makeSpan({ context }));
    await processor.forceFlush();
    expect(points).toEqual([]);
  });

  test('none whose trace has an id that databases refuse', async () => {
    const { store, points } = memoryStore();
    const processor = osprofilerPoints(store);
    processor.onEnd(receivedSpan({ ...IDS, parent_id: 'a\0b' }));
    await processor.forceFlush();
    expect(points).toEqual([]);
    expect(processor.stats().dropped).toEqual({ ...NOTHING_DROPPED, unusableId: 1 });
  });

  test('all but one whose values cannot be read', async () => {
    const { store, points } = memoryStore();
    const processor = osprofilerPoints(store);
    processor.onEnd({ ...receivedSpan(IDS), startTime: [Number.NaN, 0] });
    processor.onEnd(receivedSpan(IDS));
    await processor.forceFlush();
    expect(points).toHaveLength(2);
    expect(processor.stats()).toMatchObject({ written: 1, dropped: { failed: 1 } });
  });
});

describe('a store that fails', () => {
  test('drops the points of the batch, logs one line, and gets the next ones', async () => {
    const write = jest.fn<Promise<void>, [readonly Point[]]>();
    write.mockRejectedValueOnce(new Error('disk full')).mockImplementationOnce(() => {
      throw new Error('disk full');
    });
    write.mockResolvedValue(undefined);
    const processor = osprofilerPoints({ write });
    for (let i = 0; i < 3; i++) {
      processor.onEnd(receivedSpan(IDS));
      await processor.forceFlush();
    }
    expect(processor.stats()).toEqual({ written: 1, waiting: 0, dropped: { ...NOTHING_DROPPED, failed: 2 } });
    expect(warn.mock.calls).toEqual([
      ['@clew/osprofiler: the points of 1 spans were dropped so far (failed): the store: disk full'],
    ]);
  });

  test('does not delay the application: 2,048 spans wait, others are dropped, and one line is logged', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const processor = osprofilerPoints({ write: () => promise }, { flushTimeoutMs: 0 });
    const root = receivedSpan(IDS);
    for (let i = 0; i < 2050; i++) processor.onEnd(root);
    expect(processor.stats()).toMatchObject({ waiting: 2048, dropped: { queueFull: 2 } });
    expect(warn.mock.calls).toEqual([
      [expect.stringMatching(/points of 1 spans were dropped so far \(queueFull\): 2048 spans are waiting$/)],
    ]);
    resolve();
    await processor.shutdown();
  });

  test('does not delay the shutdown beyond flushTimeoutMs', async () => {
    const close = jest.fn(() => new Promise<void>(() => {}));
    const store = { write: () => new Promise<void>(() => {}), close };
    const processor = osprofilerPoints(store, { flushTimeoutMs: 20 });
    for (let i = 0; i < 300; i++) processor.onEnd(receivedSpan(IDS));
    await processor.forceFlush();
    await processor.shutdown();
    expect(close).toHaveBeenCalledTimes(1);
    // Those of the batch in flight are neither written nor dropped: the store has them.
    expect(processor.stats()).toEqual({
      written: 0,
      waiting: 0,
      dropped: { ...NOTHING_DROPPED, shutdown: 44 },
    });
  });
});

test('the shutdown writes what waits, closes the store once, and drops later spans', async () => {
  const { store, points } = memoryStore();
  const processor = osprofilerPoints(store);
  processor.onEnd(receivedSpan(IDS));
  await Promise.all([processor.shutdown(), processor.shutdown()]);
  expect(points).toHaveLength(2);
  expect(store.close).toHaveBeenCalledTimes(1);
  processor.onEnd(receivedSpan(IDS));
  await processor.forceFlush();
  expect(points).toHaveLength(2);
  expect(processor.stats().dropped).toEqual({ ...NOTHING_DROPPED, shutdown: 1 });
});

test('points are written without a flush, in batches', async () => {
  const batches: number[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const write = async (points: readonly Point[]) => {
    batches.push(points.length);
    if (batches.length === 2) resolve();
  };
  const processor = osprofilerPoints({ write });
  for (let i = 0; i < 300; i++) processor.onEnd(receivedSpan(IDS));
  await promise;
  expect(batches).toEqual([512, 88]);
});

describe('options', () => {
  const create = (store: unknown, options: object = {}) => osprofilerPoints(store as string, options);
  const schemes = 'redis, rediss, postgresql, postgres, mysql, amqp, amqps, rabbit';
  const expected = `@clew/osprofiler: expected store to be a store, or a URL with one of the schemes ${schemes}`;

  test.each([
    ['', '""'],
    ['127.0.0.1:6379', '"127.0.0.1:6379"'],
    ['mongodb://root:secret@db/points', '"mongodb://…@db/points"'],
    ['mongodb://root:s/e@cret@db', '"mongodb://…@db"'],
    ['redis://', '"redis://"'],
    ['redis://a:b:c', '"redis://a:b:c"'],
    [{}, '"{}"'],
    [undefined, '"undefined"'],
  ])('a store that is not supported is refused without its password: %j', (store, got) => {
    expect(() => create(store)).toThrow(new TypeError(`${expected}, got ${got}`));
  });

  test.each([
    [{ project: '' }, 'expected project to be a text of 1 to 255 characters, got ""'],
    [{ service: 7 }, 'expected service to be a text of 1 to 255 characters, got 7'],
    [{ traces: 'none' }, 'expected traces to be "osprofiler" | "all", got "none"'],
    [{ maxPointsPerTrace: 1 }, 'expected maxPointsPerTrace to be a number in [2, 1000000], got 1'],
    [{ expireSeconds: 0 }, 'expected expireSeconds to be a number in [1, 315360000], got 0'],
    [{ flushTimeoutMs: -1 }, 'expected flushTimeoutMs to be a number in [0, 60000], got -1'],
  ])('%j is refused', (options, message) => {
    expect(() => create({ write: async () => {} }, options)).toThrow(`@clew/osprofiler: ${message}`);
  });

  test('an unknown option is refused', () => {
    expect(() => create({ write: async () => {} }, { Project: 'shop' })).toThrow(
      /there is no option "Project"/,
    );
  });
});
