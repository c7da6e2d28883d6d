import { AsyncLocalStorage, AsyncResource, executionAsyncId } from 'node:async_hooks';
import type { Context, ContextManager } from '@opentelemetry/api';
import { bindWith } from './bind.ts';
import { contextOr, rootContext } from './context.ts';

/** Constants, because V8 reads the exports of `node:async_hooks` slowly. */
const [Resource, currentAsyncId] = [AsyncResource, executionAsyncId];

/**
 * The context carrier `async`: follows promises, timers and callbacks through Node's AsyncLocalStorage.
 * The default of `init()`.
 */
export class AsyncContextManager implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>();
  readonly #base: Context;
  readonly #hasFrames = hasFrames();

  /** `base` is current where no other context is, for example the context received from a parent process. */
  constructor(base: Context = rootContext) {
    this.#base = base;
  }

  active(): Context {
    return this.#storage.getStore() ?? this.#base;
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    context: Context,
    fn: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    const isBare = args.length === 0 && (thisArg === undefined || thisArg === null);
    const call = isBare
      ? (fn as () => ReturnType<F>)
      : () => Reflect.apply(fn, thisArg, args) as ReturnType<F>;
    return this.#run(context, call);
  }

  bind<T>(context: Context, target: T): T {
    return bindWith(this, context, target);
  }

  /** Makes a context current until the token is disposed of; prefer `with`. */
  attach(context: Context): { dispose(): void } {
    const previous = this.#storage.getStore();
    this.#storage.enterWith(contextOr(context, this.#base));
    return { dispose: () => this.#storage.enterWith(previous ?? this.#base) };
  }

  enable(): this {
    return this;
  }

  disable(): this {
    this.#storage.disable();
    return this;
  }

  #run<T>(given: Context, call: () => T): T {
    if (this.active() === given) return call();
    const context = contextOr(given, this.#base);
    const storage = this.#storage;
    if (!this.#hasFrames) return storage.run(context, call);
    // The trigger is Node's own default; passing it avoids an options object, which is slow to read.
    const resource = new Resource('Clew', currentAsyncId());
    return resource.runInAsyncScope(enter, storage, context, call) as T;
  }
}

/**
 * Written for speed (`benchmarks/run.mjs`). Makes a context current for the rest of an async scope; the end of
 * the scope restores the previous one. On a Node with context frames, the plain form `storage.run(context, call)` copies
 * the frame twice, to enter and to leave; this copies it once.
 */
function enter<T>(this: AsyncLocalStorage<Context>, context: Context, call: () => T): T {
  this.enterWith(context);
  return call();
}

/** Whether Node keeps the current store in context frames (24 does; 22 only behind a flag) and not in async resources. */
function hasFrames(): boolean {
  const storage = new AsyncLocalStorage<true>();
  const resource = new AsyncResource('Clew');
  resource.runInAsyncScope(() => storage.enterWith(true));
  const kept = resource.runInAsyncScope(() => storage.getStore());
  storage.disable();
  return kept === undefined;
}
