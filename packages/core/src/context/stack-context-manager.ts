import type { Context, ContextManager } from '@opentelemetry/api';
import { bindWith } from './bind.ts';
import { contextOr, rootContext } from './context.ts';

/**
 * The context carrier `stack`: a context is current while a function runs, but not after its first `await`.
 * For synchronous applications; costs almost nothing.
 */
export class StackContextManager implements ContextManager {
  readonly #base: Context;
  #current: Context;

  /** `base` is current where no other context is, for example the context received from a parent process. */
  constructor(base: Context = rootContext) {
    this.#base = base;
    this.#current = base;
  }

  active(): Context {
    return this.#current;
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    context: Context,
    fn: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    const previous = this.#current;
    this.#current = contextOr(context, this.#base);
    try {
      return Reflect.apply(fn, thisArg, args);
    } finally {
      this.#current = previous;
    }
  }

  bind<T>(context: Context, target: T): T {
    return bindWith(this, context, target);
  }

  attach(context: Context): { dispose(): void } {
    const previous = this.#current;
    this.#current = contextOr(context, this.#base);
    return {
      dispose: () => {
        this.#current = previous;
      },
    };
  }

  enable(): this {
    return this;
  }

  disable(): this {
    this.#current = this.#base;
    return this;
  }
}
