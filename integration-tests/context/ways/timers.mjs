import { stat } from 'node:fs';
import * as timers from 'node:timers/promises';
import { promisify } from 'node:util';
import { meeting } from './elsewhere.mjs';

const settled =
  (schedule) =>
  ({ work }) =>
    new Promise((resolve) => schedule(() => resolve(work())));

export default [
  { way: 'setTimeout', hand: settled((fn) => setTimeout(fn, 1)) },
  {
    way: 'setInterval',
    hand: ({ work }) =>
      new Promise((resolve) => {
        let left = 3;
        const timer = setInterval(() => {
          work();
          if (--left > 0) return;
          clearInterval(timer);
          resolve();
        }, 1);
      }),
  },
  { way: 'setImmediate', hand: settled(setImmediate) },
  { way: 'queueMicrotask', hand: settled(queueMicrotask) },
  { way: 'process.nextTick', hand: settled(process.nextTick) },
  {
    way: 'timers/promises',
    async hand({ work }) {
      await timers.setTimeout(1);
      work();
      for await (const _ of timers.setInterval(1)) {
        work();
        break;
      }
    },
  },
  { way: 'fs with a callback', hand: settled((fn) => stat('.', fn)) },
  { way: 'util.promisify', hand: ({ work }) => promisify(stat)('.').then(work) },
  {
    way: 'callbacks collected and called together',
    needs: 'bind',
    reason: 'a callback runs in the context of the code that calls it',
    open: () => meeting((callback) => callback()),
    hand: ({ work }, come) => settled(come)({ work }),
  },
];
