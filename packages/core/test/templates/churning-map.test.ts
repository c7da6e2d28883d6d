import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ChurningMap } from '../../src/templates/churning-map.ts';

test('entries of the same key are found in order and removed one by one', () => {
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

test('behaves like a Map under random additions and removals', () => {
  const [map, model] = [new ChurningMap<number | string, number>(), new Map<number | string, number>()];
  const keyOf = (at: number) => (at % 3 === 0 ? at : `id ${at}`);
  for (let at = 0; at < 5000; at++) {
    map.add(keyOf(at), at);
    model.set(keyOf(at), at);
    // The map first grows, then shrinks.
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

test('finds ids that differ only at their ends, and a very long id', () => {
  const map = new ChurningMap<string, number>();
  const long = 'x'.repeat(100_000);
  for (let at = 0; at < 100; at++) map.add(`${long}${at}`, at);
  expect(map.find(`${long}42`)).toBe(42);
  expect(map.find(long)).toBeUndefined();
});

test('the hash differs between processes, so that peers can’t choose colliding ids', () => {
  const keys = Array.from({ length: 64 }, (_, at) => `id ${at}`);
  /** Loads the module as another process would. */
  const orderWith = (random: number): string[] => {
    const order: string[] = [];
    const randomness = jest.spyOn(Math, 'random').mockReturnValue(random);
    jest.isolateModules(() => {
      const loaded = jest.requireActual<typeof import('../../src/templates/churning-map.ts')>(
        '../../src/templates/churning-map.ts',
      );
      const map = new loaded.ChurningMap<string, number>();
      for (const key of keys) map.add(key, 1);
      order.push(...map.entries().map(([key]) => key));
    });
    randomness.mockRestore();
    return order;
  };
  expect(orderWith(0.1)).toEqual(orderWith(0.1));
  expect(orderWith(0.1)).not.toEqual(orderWith(0.7));
});

test('the memory of many entries is released after their removal', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  // The least of several readings: only the map's own memory is in all of them.
  const heap = async () => {
    let least = Number.POSITIVE_INFINITY;
    for (let reading = 0; reading < 5; reading++) {
      await new Promise(setImmediate);
      collectGarbage();
      least = Math.min(least, process.memoryUsage().heapUsed);
    }
    return least;
  };
  // Objects of earlier test files are collected first.
  for (let last = Number.POSITIVE_INFINITY, now = await heap(); now < last - 100_000; now = await heap())
    last = now;
  const map = new ChurningMap<number, number>();
  const before = await heap();
  for (let at = 0; at < 500_000; at++) map.add(at, at);
  // One bucket for each entry: four MB in addition to the entries.
  expect((await heap()) - before).toBeGreaterThan(4_000_000);
  for (let at = 0; at < 500_000; at++) map.delete(at, at);
  expect((await heap()) - before).toBeLessThan(500_000);
  expect(map.size).toBe(0);
  map.add(7, 7);
  expect(map.find(7)).toBe(7);
});
