import { Clock, durationBetween, hrTimeAt, hrTimeOf, splitNanos } from '../src/clock.ts';

/** Both clocks, controlled by the test. */
function clocks() {
  const sources = {
    nowMs: 1000,
    wallMs: 1_700_000_000_000,
    now: () => sources.nowMs,
    wall: () => sources.wallMs,
  };
  return sources;
}

const unixMs = ([seconds, nanos]: readonly [number, number]) => seconds * 1000 + nanos / 1e6;

test('keeps its anchor while both clocks advance together', () => {
  const sources = clocks();
  const clock = new Clock(sources);
  const first = clock.anchor(sources.nowMs);
  for (let i = 0; i < 20; i++) {
    sources.nowMs += 500;
    sources.wallMs += 500;
    expect(clock.anchor(sources.nowMs)).toBe(first);
  }
  expect(unixMs(hrTimeAt(first, sources.nowMs))).toBeCloseTo(sources.wallMs, 0);
});

test.each([3_600_000, -3_600_000, 50])('gets a new anchor after the wall clock moved by %d ms', (moved) => {
  const sources = clocks();
  const clock = new Clock(sources);
  const before = clock.anchor(sources.nowMs);
  sources.nowMs += 1000;
  sources.wallMs += 1000 + moved;
  const after = clock.anchor(sources.nowMs);
  expect(after).not.toBe(before);
  expect(Math.abs(unixMs(hrTimeAt(after, sources.nowMs)) - sources.wallMs)).toBeLessThanOrEqual(1);
  // A trace that began before keeps its anchor.
  expect(unixMs(hrTimeAt(before, sources.nowMs))).toBeCloseTo(sources.wallMs - moved, 0);
});

test('splits nanoseconds into two exact halves', () => {
  const times: [number, number][] = [
    [0, 0],
    [0, 1],
    [4, 294_967_295],
    [4, 294_967_296],
    [1_700_000_000, 123_456_789],
    [1_764_000_000, 999_999_999],
    [9_223_372_036, 854_775_807],
  ];
  for (const time of times) {
    const [high, low] = splitNanos(time);
    expect((BigInt(high) << 32n) + BigInt(low)).toBe(BigInt(time[0]) * 1_000_000_000n + BigInt(time[1]));
  }
});

test('returns undefined for an invalid time', () => {
  const anchor = new Clock().anchor(0);
  const inputs = [
    Number.NaN,
    Number.POSITIVE_INFINITY,
    new Date(Number.NaN),
    [1],
    ['a', 1],
    'noon',
    {},
    null,
  ];
  expect(inputs.map((input) => hrTimeOf(input as never, anchor, 0))).toEqual(inputs.map(() => undefined));
});

test('corrects out-of-range times', () => {
  const anchor = new Clock().anchor(0);
  expect(hrTimeOf([1.5, 2.4], anchor, 0)).toEqual([1, 2]);
  expect(hrTimeOf([-5, -1], anchor, 0)).toEqual([0, 0]);
});

test('durations carry seconds and are never negative', () => {
  expect(durationBetween([1, 900_000_000], [3, 100_000_000])).toEqual([1, 200_000_000]);
  expect(durationBetween([3, 0], [1, 0])).toEqual([0, 0]);
  expect(durationBetween([3, 5], [3, 4])).toEqual([0, 0]);
});
