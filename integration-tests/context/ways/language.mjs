import Bluebird from 'bluebird';
import { later, meeting, resolvedElsewhere } from './elsewhere.mjs';

export default [
  {
    way: 'callback, called synchronously',
    sync: true,
    hand: ({ work }) => [1].forEach(work),
  },
  {
    way: 'generator, iterated by the request',
    sync: true,
    hand({ work }) {
      for (const _ of generate(work));
    },
  },
  {
    way: 'getter, proxy trap, JSON.parse reviver',
    sync: true,
    hand({ work }) {
      const proxy = new Proxy({}, { get: () => work() });
      JSON.parse(`{"value": ${JSON.stringify(`${proxy.value}`)}}`, () => work());
    },
  },
  { way: 'promise', hand: ({ work }) => Promise.resolve().then(work) },
  {
    way: 'async function',
    async hand({ work }) {
      await later();
      work();
      await Promise.all([later().then(work), later().finally(work)]);
    },
  },
  {
    way: 'promise resolved by another request',
    open: () => resolvedElsewhere(),
    async hand({ work }, gate) {
      await gate.promise();
      work();
    },
  },
  {
    way: 'promise cached for several requests',
    open: () => ({ cached: undefined }),
    async hand({ work }, cache) {
      cache.cached ??= later();
      await cache.cached.then(work);
      work();
    },
  },
  {
    way: 'async generator',
    async hand({ work }) {
      async function* pages() {
        for (let page = 0; page < 3; page++) {
          await later();
          yield work();
        }
      }
      for await (const _ of pages()) work();
    },
  },
  {
    way: 'async generator, iterated by another request',
    needs: 'bind',
    reason: 'a generator runs in the context of the code that calls next()',
    open: () => meeting((generator) => pull(generator)),
    hand: ({ work }, come) => new Promise((resolve) => come(generateAsync(work, resolve))),
  },
  {
    way: 'thenable of another library, awaited',
    async hand({ work }) {
      await new OwnThenable();
      work();
    },
  },
  {
    way: 'bluebird, awaited',
    async hand({ work }) {
      await Bluebird.delay(1);
      work();
    },
  },
  {
    way: 'bluebird, then()',
    needs: 'bind',
    reason: 'bluebird empties its queue in the context of the code that first added to it',
    hand: ({ work }) => new Promise((resolve) => Bluebird.resolve().then(() => resolve(work()))),
  },
];

/** What query builders are: `await` calls `then`, and that starts the work. */
class OwnThenable {
  // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tried
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
