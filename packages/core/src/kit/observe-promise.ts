import { types } from 'node:util';
import { reportFailure } from './failures.ts';
import { isIntrinsic, type Observer, watchPromise } from './watched-promise.ts';

type Listener = (value: unknown) => void;

const { then } = Promise.prototype;

/**
 * Calls one of the two listeners when a promise settles, before the application's own reactions run. For a value that is
 * not a promise, `onFulfilled` is called at once.
 *
 * Return the result of this function to the application in place of the original. It has the same class and properties
 * and settles in the same way. Node reports its rejection as unhandled exactly when the application does not handle it.
 *
 * A plain promise is replaced by one derived from it. Other native promises are returned themselves and watched (see
 * `watched-promise.ts`). The `then` of any other object is never called, because it may start a query: such an object
 * counts as settled.
 */
export function observePromise<T>(value: T, onFulfilled: Listener, onRejected: Listener): T {
  if (typeof value === 'object' && value !== null) {
    if (isPlain(value)) return derive(value, onFulfilled, onRejected) as T;
    const observer = {
      fulfilled: (result: unknown) => notify(onFulfilled, result),
      rejected: (error: unknown) => notify(onRejected, error),
    };
    const observed = observeOther(value, observer, onFulfilled, onRejected);
    if (observed !== undefined) return observed as T;
  }
  notify(onFulfilled, value);
  return value;
}

/** Returns the replacement of the promise; `undefined` if the value is not a promise or can't be observed. */
function observeOther(
  value: object,
  observer: Observer,
  onFulfilled: Listener,
  onRejected: Listener,
): object | undefined {
  try {
    if (types.isPromise(value)) {
      if (watchPromise(value, observer)) return value;
      return isIntrinsic(value.then) ? deriveFixed(value, onFulfilled, onRejected) : undefined;
    }
    return isOfPromiseClass(value) ? thenNotify(value, value.then, onFulfilled, onRejected) : undefined;
  } catch {
    // `then` throws for a class whose constructor takes other arguments than a promise's.
    return undefined;
  }
}

function derive(promise: Promise<unknown>, onFulfilled: Listener, onRejected: Listener): Promise<unknown> {
  const derived = thenNotify(promise, then, onFulfilled, onRejected) as Promise<unknown>;
  for (const key of Object.getOwnPropertySymbols(promise)) copyProperty(promise, derived, key);
  return derived;
}

/** Derives from a promise whose prototype can't be changed (frozen, sealed, not extensible); the derived one is the same. */
function deriveFixed(
  promise: Promise<unknown>,
  onFulfilled: Listener,
  onRejected: Listener,
): Promise<unknown> {
  const derived = thenNotify(promise, then, onFulfilled, onRejected) as Promise<unknown>;
  for (const key of Reflect.ownKeys(promise)) copyProperty(promise, derived, key);
  return Object.preventExtensions(derived);
}

/** Properties that the new promise already has are kept: Node sets internal symbols on every promise. */
function copyProperty(from: object, to: object, key: PropertyKey): void {
  if (Object.hasOwn(to, key)) return;
  Object.defineProperty(to, key, Object.getOwnPropertyDescriptor(from, key) as PropertyDescriptor);
}

function thenNotify(
  promise: PromiseLike<unknown>,
  call: PromiseLike<unknown>['then'],
  onFulfilled: Listener,
  onRejected: Listener,
): PromiseLike<unknown> {
  const fulfilled = (value: unknown): unknown => {
    notify(onFulfilled, value);
    return value;
  };
  const rejected = (error: unknown): never => {
    notify(onRejected, error);
    throw error;
  };
  return call.call(promise, fulfilled, rejected);
}

function notify(listener: Listener, value: unknown): void {
  try {
    listener(value);
  } catch (fault) {
    reportFailure('observing a promise', fault);
  }
}

/** Whether this is a promise of this realm without own properties, which a derived promise can replace. */
function isPlain(value: object): value is Promise<unknown> {
  return (
    Object.getPrototypeOf(value) === Promise.prototype &&
    Object.getOwnPropertyNames(value).length === 0 &&
    Object.isExtensible(value) &&
    types.isPromise(value)
  );
}

/**
 * Whether a promise library (Bluebird, Q) created this object: its class has the static functions of `Promise`. Its
 * work has already started, so calling `then` starts nothing. Query builders have no such class.
 */
function isOfPromiseClass(value: object): value is PromiseLike<unknown> {
  const { constructor: Class, then: called } = value as { constructor?: unknown; then?: unknown };
  return (
    typeof Class === 'function' &&
    typeof called === 'function' &&
    called === Class.prototype?.then &&
    !isIntrinsic(called) &&
    ['resolve', 'reject', 'all'].every((name) => typeof Reflect.get(Class, name) === 'function')
  );
}
