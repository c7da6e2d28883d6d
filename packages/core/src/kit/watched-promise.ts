import { dress } from './wrap.ts';

type Then = (this: Promise<unknown>, onFulfilled?: unknown, onRejected?: unknown) => Promise<unknown>;

/** Called when a promise settles. Must not throw. */
export interface Observer {
  readonly fulfilled: (value: unknown) => void;
  readonly rejected: (error: unknown) => void;
}

/** A promise that the application holds and has not used since it was returned. */
interface Watch {
  readonly prototype: object;
  readonly observers: Observer[];
  /** Calls the original `then` for the application. */
  readonly call: Then;
  /** The application has attached a reaction. */
  used(): void;
}

const watches = new WeakMap<Promise<unknown>, Watch>();

/** The watching prototype of each original prototype. */
const watchingPrototypes = new WeakMap<object, object>();

const intrinsicThen = Promise.prototype.then as Then;

/**
 * Calls an observer when a promise settles that no derived promise can replace: one with own properties, of a subclass,
 * or of another realm. Returns false if the promise can't be observed.
 *
 * Observing a promise marks its rejection as handled. So until the application first uses the promise, its prototype is
 * replaced by one with its own `then` and `constructor`. (`await` of a plain promise reads only `constructor`, all other
 * uses call `then`.) If the promise rejects before that, a second promise rejects for Node to report; it counts as
 * handled when the application uses the original. Own properties on the promise would be simpler, but an own
 * `constructor` disables V8's fast path of `await` for the whole process: each `await` then takes 50 % longer.
 *
 * A class with its own `then` may do its work there, like a lazy promise: the observer is then called when the
 * application has called `then` and the result settles.
 */
export function watchPromise(promise: Promise<unknown>, observer: Observer): boolean {
  const watch = watches.get(promise);
  if (watch !== undefined) {
    watch.observers.push(observer);
    return true;
  }
  const { then } = promise as unknown as { then: unknown };
  if (typeof then !== 'function' || Object.hasOwn(promise, 'then') || !Object.isExtensible(promise))
    return false;
  if (isIntrinsic(then)) watchHandling(promise, observer);
  else watchCall(promise, then as Then, observer);
  return true;
}

function watchHandling(promise: Promise<unknown>, observer: Observer): void {
  const prototype = Object.getPrototypeOf(promise) as object;
  const observers = [observer];
  let isUsed = false;
  let reported: Promise<never> | undefined;
  const used = () => {
    isUsed = true;
    stopWatching(promise, prototype);
    reported?.catch(() => {});
  };
  const fulfilled = (value: unknown) => {
    stopWatching(promise, prototype);
    for (const each of observers) each.fulfilled(value);
  };
  const rejected = (error: unknown) => {
    for (const each of observers) each.rejected(error);
    if (!isUsed && isStillWatching(promise, prototype)) reported = rejectedLike(promise, prototype, error);
  };
  intrinsicThen.call(promise, fulfilled, rejected);
  startWatching(promise, { prototype, observers, call: intrinsicThen, used });
}

function watchCall(promise: Promise<unknown>, then: Then, observer: Observer): void {
  const prototype = Object.getPrototypeOf(promise) as object;
  const observers = [observer];
  const call: Then = function (onFulfilled, onRejected) {
    const fulfilled = (value: unknown): unknown => {
      for (const each of observers) each.fulfilled(value);
      return typeof onFulfilled === 'function' ? onFulfilled(value) : value;
    };
    const rejected = (error: unknown): unknown => {
      for (const each of observers) each.rejected(error);
      if (typeof onRejected === 'function') return onRejected(error);
      throw error;
    };
    return then.call(this, fulfilled, rejected);
  };
  startWatching(promise, { prototype, observers, call, used: () => stopWatching(promise, prototype) });
}

function startWatching(promise: Promise<unknown>, watch: Watch): void {
  watches.set(promise, watch);
  Object.setPrototypeOf(promise, watchingPrototype(watch.prototype));
}

/** A promise that was frozen in the meantime keeps the watching prototype, which then behaves like the original. */
function stopWatching(promise: Promise<unknown>, prototype: object): void {
  if (watches.delete(promise) && isStillWatching(promise, prototype)) {
    Reflect.setPrototypeOf(promise, prototype);
  }
}

/** False if the application has changed the prototype of the promise. */
function isStillWatching(promise: Promise<unknown>, prototype: object): boolean {
  return Object.getPrototypeOf(promise) === watchingPrototypes.get(prototype);
}

function watchingPrototype(prototype: object): object {
  let watching = watchingPrototypes.get(prototype);
  if (watching === undefined) {
    watching = Object.create(prototype, {
      // biome-ignore lint/suspicious/noThenProperty: it is the `then` of promises.
      then: { value: watchedThen(prototype), writable: true, configurable: true },
      constructor: { get: watchedConstructor(prototype), configurable: true },
    }) as object;
    watchingPrototypes.set(prototype, watching);
  }
  return watching;
}

function watchedThen(prototype: object): Then {
  const original = Reflect.get(prototype, 'then') as Then;
  const watched: Then = function (onFulfilled, onRejected) {
    const watch = watches.get(this);
    watch?.used();
    return (watch?.call ?? original).call(this, onFulfilled, onRejected);
  };
  return dress(watched, original);
}

/** `await` reads the constructor of a promise, and if it is `Promise`, attaches its reaction without calling `then`. */
function watchedConstructor(prototype: object): (this: Promise<unknown>) => unknown {
  const isAwaitedDirectly = prototype.constructor === basePrototype(prototype)?.constructor;
  return function () {
    if (isAwaitedDirectly) watches.get(this)?.used();
    return Reflect.get(prototype, 'constructor', this);
  };
}

/** The `Promise.prototype` of the promise's realm. */
function basePrototype(prototype: object): object | undefined {
  for (let at: object | null = prototype; at !== null; at = Object.getPrototypeOf(at)) {
    if (isIntrinsic(Object.getOwnPropertyDescriptor(at, 'then')?.value)) return at;
  }
  return undefined;
}

/** The rejected promise that Node reports in place of the original: of the same class and with the same properties. */
function rejectedLike(promise: Promise<unknown>, prototype: object, error: unknown): Promise<never> {
  const like = Promise.reject(error);
  const properties = Object.getOwnPropertyDescriptors(promise);
  for (const key of Reflect.ownKeys(like)) Reflect.deleteProperty(properties, key);
  return Object.defineProperties(Object.setPrototypeOf(like, prototype) as typeof like, properties);
}

/** Whether this is the `then` of a realm's native promises; that of another realm is recognized only by its source text. */
export function isIntrinsic(then: unknown): boolean {
  return (
    then === intrinsicThen ||
    (typeof then === 'function' &&
      Function.prototype.toString.call(then) === 'function then() { [native code] }')
  );
}
