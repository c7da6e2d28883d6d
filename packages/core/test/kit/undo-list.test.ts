import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { UndoList } from '../../src/kit/undo-list.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

test('the functions are returned once, newest first', () => {
  const list = new UndoList();
  const functions = [() => {}, () => {}, () => {}] as const;
  list.add(functions[0]);
  list.addFor({}, functions[1]);
  list.add(functions[2]);
  expect(list.takeAll()).toEqual([functions[2], functions[1], functions[0]]);
  expect(list.takeAll()).toEqual([]);
});

test('an entry for an object is collected with the object, even if its function references it', async () => {
  const list = new UndoList();
  const kept = {};
  list.addFor(kept, () => String(kept));
  for (let count = 0; count < 100; count++) {
    const object = { count };
    list.addFor(object, () => String(object));
  }
  expect(list.size).toBe(101);
  for (let round = 0; round < 100 && list.size > 1; round++) {
    // Objects are collected, and finalizers are called, in later turns of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
  }
  expect(list.takeAll()).toHaveLength(1);
});
