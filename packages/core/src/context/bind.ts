import type { EventEmitter } from 'node:events';
import type { Context } from '@opentelemetry/api';
import { dress } from '../kit/wrap.ts';

/** How a context manager runs a function in a context. */
export type RunIn = (
  context: Context,
  fn: (...args: never[]) => unknown,
  thisArg: unknown,
  ...args: unknown[]
) => unknown;

type Listener = (...args: unknown[]) => unknown;

const ADDERS = ['addListener', 'on', 'once', 'prependListener', 'prependOnceListener'] as const;

/** Binds a function, or every listener added to an emitter from now on, to a context. Other values come back as they are. */
export function bindWith<T>(runIn: RunIn, context: Context, target: T): T {
  if (typeof target === 'function') return bindFunction(runIn, context, target as unknown as Listener) as T;
  if (isEmitter(target)) bindEmitter(runIn, context, target);
  return target;
}

function bindFunction(runIn: RunIn, context: Context, target: Listener): Listener {
  return dress(function (this: unknown, ...args: unknown[]) {
    return runIn(context, target, this, ...args);
  }, target);
}

/** `removeListener` finds a bound listener by its original: Node looks at the `listener` property, as for `once`. */
function bindEmitter(runIn: RunIn, context: Context, emitter: EventEmitter): void {
  for (const name of ADDERS) {
    const add = emitter[name];
    if (typeof add !== 'function') continue;
    const bound = dress(function (this: EventEmitter, event: string | symbol, listener: Listener) {
      if (typeof listener !== 'function' || 'listener' in listener) return add.call(this, event, listener);
      const wrapped = Object.assign(bindFunction(runIn, context, listener), { listener });
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

function isEmitter(value: unknown): value is EventEmitter {
  return typeof value === 'object' && value !== null && typeof (value as EventEmitter).on === 'function';
}
