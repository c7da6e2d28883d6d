import { ChurningMap } from '../../src/templates/churning-map.ts';

test('several of a key, found in their order, taken out one by one', () => {
  const map = new ChurningMap<string, number>();
  for (const value of [1, 2, 3]) map.add('same', value);
  expect(map.find('same')).toBe(1);
  expect(map.find('same', (value) => value > 1)).toBe(2);
  expect(map.delete('same', 1)).toBe(true);
  expect(map.delete('same', 1)).toBe(false);
  expect(map.delete('other', 2)).toBe(false);
  expect(map.find('same')).toBe(2);
  expect(map.size).toBe(2);
});

test('the same as a Map, whatever comes and goes', () => {
  const [map, model] = [new ChurningMap<number | string, number>(), new Map<number | string, number>()];
  const keyOf = (at: number) => (at % 3 === 0 ? at : `id ${at}`);
  for (let at = 0; at < 5000; at++) {
    map.add(keyOf(at), at);
    model.set(keyOf(at), at);
    // First it grows, then it shrinks.
    const gone = at < 2500 ? at - 700 : at * 2 - 5000 + 1800 - (at % 7);
    const value = model.get(keyOf(gone));
    if (value === undefined) continue;
    expect(map.delete(keyOf(gone), value)).toBe(true);
    model.delete(keyOf(gone));
  }
  expect(map.size).toBe(model.size);
  const sorted = (entries: Iterable<[number | string, number]>) =>
    [...entries].sort(([, one], [, two]) => one - two);
  expect(sorted(map.entries())).toEqual(sorted(model.entries()));
  for (const [key, value] of model) expect(map.find(key)).toBe(value);
  for (const [key, value] of map.entries()) map.delete(key, value);
  expect(map.size).toBe(0);
  expect(map.entries()).toEqual([]);
});

test('ids that differ at their ends only, and one that is very long', () => {
  const map = new ChurningMap<string, number>();
  const long = 'x'.repeat(100_000);
  for (let at = 0; at < 100; at++) map.add(`${long}${at}`, at);
  expect(map.find(`${long}42`)).toBe(42);
  expect(map.find(long)).toBeUndefined();
});
