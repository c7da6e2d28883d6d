import { formatDuration, ticks } from '../src/time-axis.ts';

test.each([
  [0, '0 ms'],
  [1, '1.00 ns'],
  [999.6, '1.00 µs'],
  [1_500, '1.50 µs'],
  [999_700, '1.00 ms'],
  [45_230_000, '45.2 ms'],
  [123_456_789, '123 ms'],
  [1.5e9, '1.50 s'],
  [90e9, '1.50 min'],
  [5_400e9, '1.50 h'],
  [86_400e9 * 400, '400 d'],
  [Number.NaN, '0 ms'],
])('formats %d ns as %s', (ns, text) => {
  expect(formatDuration(ns)).toBe(text);
});

test('has round ticks, and at most the requested number', () => {
  expect(ticks(84.2e6, 5).map((tick) => tick.label)).toEqual(['0', '20 ms', '40 ms', '60 ms', '80 ms']);
  expect(ticks(2.5e9, 3).map((tick) => tick.label)).toEqual(['0', '1 s', '2 s']);
  expect(ticks(2_300, 4).map((tick) => tick.label)).toEqual(['0', '1 µs', '2 µs']);
  expect(ticks(1e6, 5).at(-1)).toEqual({ at: 1, label: '1000 µs' });
  expect(ticks(0, 5)).toEqual([{ at: 0, label: '0' }]);
  for (let total = 1; total < 1e18; total *= 3.7) expect(ticks(total, 6).length).toBeLessThanOrEqual(7);
});
