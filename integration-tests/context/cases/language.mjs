import Bluebird from 'bluebird';
import { nextTurn, resolvedByAnother, whenTwoArrive } from './across-requests.mjs';

export default [
  {
    name: 'callback, called synchronously',
    sync: true,
    run: ({ work }) => [1].forEach(work),
  },
  {
    name: 'generator, iterated by the request',
    sync: true,
    run({ work }) {
      for (const _ of generate(work));
    },
  },
  {
    name: 'getter, proxy trap, JSON.parse reviver',
    sync: true,
    run({ work }) {
      const proxy = new Proxy({}, { get: () => work() });
      JSON.parse(`{"value": ${JSON.stringify(`${proxy.value}`)}}`, () => work());
    },
  },
  { name: 'promise', run: ({ work }) => Promise.resolve().then(work) },
  {
    name: 'async function',
    async run({ work }) {
      await nextTurn();
      work();
      await Promise.all([nextTurn().then(work), nextTurn().finally(work)]);
    },
  },
  {
    name: 'promise resolved by another request',
    open: () => resolvedByAnother(),
    async run({ work }, gate) {
      await gate.promise();
      work();
    },
  },
  {
    name: 'promise cached for several requests',
    open: () => ({ cached: undefined }),
    async run({ work }, cache) {
      cache.cached ??= nextTurn();
      await cache.cached.then(work);
      work();
    },
  },
  {
    name: 'async generator',
    async run({ work }) {
      async function* pages() {
        for (let page = 0; page < 3; page++) {
          await nextTurn();
          yield work();
        }
      }
      for await (const _ of pages()) work();
    },
  },
  {
    name: 'async generator, iterated by another request',
    needs: 'bind',
    reason: 'a generator runs in the context of the code that calls next()',
    open: () => whenTwoArrive((generator) => pull(generator)),
    run: ({ work }, arrive) => new Promise((resolve) => arrive(generateAsync(work, resolve))),
  },
  {
    name: 'thenable of another library, awaited',
    async run({ work }) {
      await new OwnThenable();
      work();
    },
  },
  {
    name: 'bluebird, awaited',
    async run({ work }) {
      await Bluebird.delay(1);
      work();
    },
  },
  {
    name: 'bluebird, then()',
    needs: 'bind',
    reason: 'bluebird empties its queue in the context of the code that first added to it',
    run: ({ work }) => new Promise((resolve) => Bluebird.resolve().then(() => resolve(work()))),
  },
];

/** Like a query builder: `await` calls `then`, which starts the work. */
class OwnThenable {
  // biome-ignore lint/suspicious/noThenProperty: the case tests a thenable
  then(resolve) {
    setImmediate(resolve);
  }
}

function* generate(work) {
  yield work();
}

async function* generateAsync(work, done) {
  yield work();
  done();
}

async function pull(generator) {
  for await (const _ of generator);
}
