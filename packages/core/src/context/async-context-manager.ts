import { AsyncLocalStorage } from 'node:async_hooks';
import type { Context, ContextManager } from '@opentelemetry/api';
import { bindWith } from './bind.ts';
import { rootContext } from './context.ts';

/**
 * The context carrier `async`: follows promises, timers and callbacks through Node's AsyncLocalStorage.
 * The default of `init()`.
 */
export class AsyncContextManager implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>();
  readonly #base: Context;

  /** `base` is current where nothing else is, such as the context that a parent process handed over. */
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
    const callback = thisArg === undefined || thisArg === null ? fn : fn.bind(thisArg);
    return this.#storage.run(context, callback as (...args: A) => ReturnType<F>, ...args);
  }

  bind<T>(context: Context, target: T): T {
    return bindWith(
      (bound, fn, thisArg, ...args) => this.#storage.run(bound, () => Reflect.apply(fn, thisArg, args)),
      context,
      target,
    );
  }

  /** Makes a context current until the token is disposed of; prefer `with`. */
  attach(context: Context): { dispose(): void } {
    const previous = this.#storage.getStore();
    this.#storage.enterWith(context);
    return { dispose: () => this.#storage.enterWith(previous ?? this.#base) };
  }

  enable(): this {
    return this;
  }

  disable(): this {
    this.#storage.disable();
    return this;
  }
}
