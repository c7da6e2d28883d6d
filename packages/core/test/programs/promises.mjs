// `node promises.mjs bare|traced CASE`: prints what an application observes of a promise, and exits with its status.
import vm from 'node:vm';
import { rootContext } from '@clew/core';
import { Operation } from '@clew/core/plugin';
import { trace } from '@opentelemetry/api';
import Bluebird from 'bluebird';

const [mode, chosen] = process.argv.slice(2);

/** Observes the promise that a library returns, as a plugin does. */
function observed(promise) {
  if (mode === 'bare') return promise;
  const span = trace.wrapSpanContext({ traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 0 });
  return new Operation(span, rootContext).settle(promise);
}

class Subclass extends Promise {}

class Cancelable extends Promise {
  #cancel = () => {};
  static start() {
    const { promise, resolve, reject } = Cancelable.withResolvers();
    promise.#cancel = () => reject(new Error('canceled'));
    setTimeout(resolve, 50);
    return promise;
  }
  cancel() {
    this.#cancel();
  }
}

/** Like the promises of SDK clients: its constructor has other arguments, and the first `then` starts the work. */
class Lazy extends Promise {
  static get [Symbol.species]() {
    return Promise;
  }
  #start;
  constructor(start) {
    super((resolve) => resolve());
    this.#start = start;
  }
  // biome-ignore lint/suspicious/noThenProperty: a lazy promise.
  then(onFulfilled, onRejected) {
    return this.#start().then(onFulfilled, onRejected);
  }
}

const error = () => new Error('the application must see this');
const later = (make = error) => new Promise((_resolve, reject) => setImmediate(() => reject(make())));
const dressed = (promise) => Object.assign(promise, { child: 'its child', [Symbol.for('mark')]: 'its mark' });
const otherRealm = () => vm.runInNewContext('Promise.reject(error)', { error: error() });
// biome-ignore lint/suspicious/noThenProperty: a query builder.
const builder = () => ({ then: (ok) => console.log('started') ?? ok('rows') });

const kinds = {
  plain: () => Promise.reject(error()),
  'plain, later': () => later(),
  subclass: () => Subclass.reject(error()),
  'subclass, later': () => new Subclass((_resolve, reject) => setImmediate(reject, error())),
  'with properties': () => dressed(Promise.reject(error())),
  'with properties, later': () => dressed(later()),
  frozen: () => Object.freeze(dressed(Promise.reject(error()))),
  'frozen subclass': () => Object.freeze(Subclass.reject(error())),
  'of another realm': otherRealm,
  'of another realm, with properties': () => dressed(otherRealm()),
  Bluebird: () => Bluebird.reject(error()),
  lazy: () => new Lazy(() => Promise.reject(error())),
  'thrown null': () => dressed(Promise.reject(null)),
};

const uses = {
  ignored: () => {},
  awaited: async (promise) => {
    await promise.catch(({ message } = {}) => console.log('caught', message));
  },
  'caught by await': async (promise) => {
    try {
      await promise;
    } catch (reason) {
      console.log('caught', reason?.message);
    }
  },
  'caught in time, after another await': async (promise) => {
    await null;
    await null;
    await Promise.allSettled([promise]).then(([{ status }]) => console.log(status));
  },
  'followed and ignored': (promise) => void promise.then(() => console.log('never')),
  'finally and ignored': (promise) => void promise.finally(() => console.log('finally')),
  'handled late': (promise) => {
    process.on('unhandledRejection', (reason, { constructor: { name }, child }) =>
      console.log('unhandled', reason?.message, name, child),
    );
    process.on('rejectionHandled', ({ constructor: { name }, child }) => console.log('handled', name, child));
    // Bluebird reports a rejection from a timer of its own.
    setTimeout(() => promise.catch((reason) => console.log('caught late', reason?.message)), 500);
  },
  'used twice': async (promise) => {
    await Promise.allSettled([promise, promise]);
    await Promise.race([promise]).catch(() => console.log('raced'));
  },
  shape: async (promise) => {
    await null;
    const { constructor: Class, child } = promise;
    const names = Object.getOwnPropertyNames(promise).filter((key) => !key.startsWith('_'));
    console.log(Class.name, promise instanceof Class, child, promise[Symbol.for('mark')]);
    console.log(names, Object.isFrozen(promise), Class === Object.getPrototypeOf(promise).constructor);
    console.log(Object.prototype.toString.call(promise), promise.then.name, promise.then.length);
    await Promise.allSettled([promise]);
    console.log(Object.getPrototypeOf(promise) === Class.prototype);
  },
};

const others = {
  'a subclass keeps its private state': async () => {
    const promise = observed(Cancelable.start());
    promise.cancel();
    await promise.catch(({ message }) => console.log(message));
  },
  'a lazy promise that is not awaited never starts': () => {
    observed(new Lazy(() => Promise.resolve(console.log('started'))));
  },
  'a lazy promise starts once': async () => {
    console.log(await observed(new Lazy(() => Promise.resolve(console.log('started') ?? 'rows'))));
  },
  'a query builder that is not awaited never starts': () => void observed(builder()),
  'a query builder starts once': async () => console.log(await observed(builder())),
  'one promise that two operations observe': async () => {
    const promise = dressed(Promise.reject(error()));
    observed(promise);
    await observed(promise).catch(({ message }) => console.log(message));
  },
  'one promise that two operations observe, ignored': () => {
    const promise = dressed(Promise.reject(error()));
    observed(promise);
    observed(promise);
  },
  'a property added later': async () => {
    const promise = observed(dressed(Promise.resolve('value')));
    promise.more = 1;
    console.log(promise.more, await promise, promise.child);
  },
  'a promise frozen later': async () => {
    const promise = Object.freeze(observed(Subclass.reject(error())));
    await promise.catch(({ message }) => console.log(message));
  },
  'no promise, but of its prototype': () => console.log(typeof observed(Object.create(Promise.prototype))),
  'a proxy of a promise': () => console.log(typeof observed(new Proxy(Promise.resolve(), {}))),
};

export const cases = [
  ...Object.keys(kinds).flatMap((kind) => Object.keys(uses).map((use) => `${kind}: ${use}`)),
  ...Object.keys(others),
];

if (chosen === undefined) {
  console.log(JSON.stringify(cases));
} else if (others[chosen]) {
  await others[chosen]();
} else {
  const [kind, use] = chosen.split(': ');
  await uses[use](observed(kinds[kind]()));
}
