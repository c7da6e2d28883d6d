import { types } from 'node:util';
import { reportFailure } from './failures.ts';
import { isIntrinsic, type Observer, watchPromise } from './watched-promise.ts';

type Listener = (value: unknown) => void;

const { then } = Promise.prototype;

/**
 * Calls one of the two listeners when a promise settles, before the application's own reactions run. What is no
 * promise has settled: `onFulfilled` is called at once.
 *
 * Give the application the value that this returns, in place of the original. It has the same class and properties and
 * settles in the same way. Node reports its rejection as unhandled exactly when the application does not handle it.
 *
 * A plain promise is replaced by one derived from it. Other native promises are returned themselves and watched (see
 * `watched-promise.ts`). The `then` of any other object is never called, since it may start a query: such an object
 * has settled, too.
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

/** Returns what replaces the promise; `undefined` if there is none or its end cannot be known. */
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
    // A class whose constructor takes other arguments than a promise's refuses `then`.
    return undefined;
  }
}

function derive(promise: Promise<unknown>, onFulfilled: Listener, onRejected: Listener): Promise<unknown> {
  const derived = thenNotify(promise, then, onFulfilled, onRejected) as Promise<unknown>;
  for (const key of Object.getOwnPropertySymbols(promise)) copyProperty(promise, derived, key);
  return derived;
}

/** Of a promise that takes no other prototype: frozen, sealed or closed, as the derived one then is. */
function deriveFixed(
  promise: Promise<unknown>,
  onFulfilled: Listener,
  onRejected: Listener,
): Promise<unknown> {
  const derived = thenNotify(promise, then, onFulfilled, onRejected) as Promise<unknown>;
  for (const key of Reflect.ownKeys(promise)) copyProperty(promise, derived, key);
  return Object.preventExtensions(derived);
}

/** Node keeps symbols of its own on every promise: those that the new promise has stay as they are. */
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

/** Whether this is a promise of this realm without properties, which any derived promise can replace. */
function isPlain(value: object): value is Promise<unknown> {
  return (
    Object.getPrototypeOf(value) === Promise.prototype &&
    Object.getOwnPropertyNames(value).length === 0 &&
    Object.isExtensible(value) &&
    types.isPromise(value)
  );
}

/**
 * Whether a promise library made this (Bluebird, Q and their like): an object whose class has the static functions of
 * `Promise`. Its work has begun, so that calling `then` starts nothing. Query builders have no such class.
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
