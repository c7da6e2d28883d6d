import { stat } from 'node:fs';
import * as timers from 'node:timers/promises';
import { promisify } from 'node:util';
import { whenTwoArrive } from './across-requests.mjs';

const calledBack =
  (schedule) =>
  ({ work }) =>
    new Promise((resolve) => schedule(() => resolve(work())));

export default [
  { name: 'setTimeout', run: calledBack((fn) => setTimeout(fn, 1)) },
  {
    name: 'setInterval',
    run: ({ work }) =>
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
  { name: 'setImmediate', run: calledBack(setImmediate) },
  { name: 'queueMicrotask', run: calledBack(queueMicrotask) },
  { name: 'process.nextTick', run: calledBack(process.nextTick) },
  {
    name: 'timers/promises',
    async run({ work }) {
      await timers.setTimeout(1);
      work();
      for await (const _ of timers.setInterval(1)) {
        work();
        break;
      }
    },
  },
  { name: 'fs with a callback', run: calledBack((fn) => stat('.', fn)) },
  { name: 'util.promisify', run: ({ work }) => promisify(stat)('.').then(work) },
  {
    name: 'callbacks collected and called together',
    needs: 'bind',
    reason: 'a callback runs in the context of the code that calls it',
    open: () => whenTwoArrive((callback) => callback()),
    run: ({ work }, arrive) => calledBack(arrive)({ work }),
  },
];
