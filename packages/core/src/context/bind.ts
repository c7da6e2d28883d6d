import type { EventEmitter } from 'node:events';
import { type Context, type ContextManager, context } from '@opentelemetry/api';
import { dress } from '../kit/wrap.ts';

/**
 * Binds a function, or every listener added to an emitter from now on, to a context: the current one unless
 * another is given. The bound function keeps its name, length and `this`, and may be called many times.
 * Returns other values unchanged; returns every value unchanged while no context manager is installed.
 *
 * @example
 * cache.onInvalidate(bind(() => reload()));     // runs in the context of the subscriber, not of the invalidation
 * pool.grow = bind(pool.grow, rootContext);     // a connection belongs to no request
 */
export function bind<T>(target: T, to: Context = context.active()): T {
  return context.bind(to, target);
}

type Listener = (...args: unknown[]) => unknown;

const ADDERS = ['addListener', 'on', 'once', 'prependListener', 'prependOnceListener'] as const;

/** Like {@link bind}, with the `with` of a context manager. */
export function bindWith<T>(manager: ContextManager, to: Context, target: T): T {
  if (typeof target === 'function') return bindFunction(manager, to, target as unknown as Listener) as T;
  if (isEmitter(target)) bindEmitter(manager, to, target);
  return target;
}

function bindFunction(manager: ContextManager, to: Context, target: Listener): Listener {
  return dress(function (this: unknown, ...args: unknown[]) {
    return manager.with(to, target, this, ...args);
  }, target);
}

/** The original of each bound listener. */
const originals = new WeakMap<object, Listener>();

/** `removeListener` finds a bound listener by its original: Node compares the `listener` property, as it does for `once`. */
function bindEmitter(manager: ContextManager, to: Context, emitter: EventEmitter): void {
  for (const name of ADDERS) {
    const add = emitter[name];
    if (typeof add !== 'function') continue;
    const bound = dress(function (this: EventEmitter, event: string | symbol, listener: Listener) {
      if (typeof listener !== 'function') return add.call(this, event, listener);
      if ('listener' in listener) return add.call(this, event, standingForOriginal(listener));
      const wrapped = Object.assign(bindFunction(manager, to, listener), { listener });
      originals.set(wrapped, listener);
      return add.call(this, event, wrapped);
    }, add);
    Object.defineProperty(emitter, name, {
      value: bound,
      configurable: true,
      writable: true,
      enumerable: false,
    });
  }
}

/** `once` adds a wrapper of the bound listener through `on`; `removeListener` must find it by the original listener. */
function standingForOriginal(wrapper: Listener & { listener?: unknown }): Listener {
  const { listener } = wrapper;
  const original = typeof listener === 'function' ? originals.get(listener) : undefined;
  if (original !== undefined) wrapper.listener = original;
  return wrapper;
}

function isEmitter(value: unknown): value is EventEmitter {
  if (typeof value !== 'object' || value === null) return false;
  try {
    return typeof (value as EventEmitter).on === 'function';
  } catch {
    // A proxy in the application may throw.
    return false;
  }
}
