import { currentContext, type Tools } from '@clew/core/plugin';
import { type Context, context } from '@opentelemetry/api';

/** The used members of Bluebird's class of promises. */
interface Bluebird {
  readonly prototype: object;
  readonly _getContext?: unknown;
  config(options: { readonly asyncHooks: boolean }): unknown;
}

type Then = (this: object, ...args: unknown[]) => object;
type Settle = (
  this: object,
  handler: unknown,
  receiver: unknown,
  value: unknown,
  promise: unknown,
) => unknown;

/** The argument of `_then` that replaces the promise for the result. */
const INTERNAL_DATA = 4;

/** The copies of Bluebird that have been loaded: bookshelf does not export the one that it uses. */
const copies = new Set<Bluebird>();

/** Bluebird itself stays as it is, unless bookshelf is loaded later. */
export function rememberBluebird(bluebird: unknown): void {
  if (typeof bluebird === 'function') copies.add(bluebird as unknown as Bluebird);
}

/**
 * bookshelf runs its queries in callbacks of Bluebird, which calls those of all requests in the context of the first one.
 * Patches Bluebird to call them in the context in which they were added.
 */
export function patchBookshelf(_bookshelf: unknown, tools: Tools<object>): void {
  for (const bluebird of copies) tools.once(bluebird.prototype, () => keepContext(bluebird, tools));
}

function keepContext(bluebird: Bluebird, tools: Tools<object>): void {
  const { prototype } = bluebird;
  /** The context of a callback, by the promise for its result. */
  const contexts = new WeakMap<object, Context>();

  tools.wrap<Then>(
    prototype,
    '_then',
    (then) =>
      function (...args) {
        const promise = then.apply(this, args);
        // Bluebird's own callbacks pass something else than a promise.
        if (args[INTERNAL_DATA] === undefined) contexts.set(promise, currentContext());
        return promise;
      },
  );

  // Bluebird's option `asyncHooks` binds the callback alone. A query starts after that, when Bluebird calls `then` of the
  // builder that the callback has returned.
  tools.wrap<Settle>(
    prototype,
    '_settlePromiseFromHandler',
    (settle) =>
      function (handler, receiver, value, promise) {
        const caller = contexts.get(promise as object);
        if (caller === undefined) return settle.call(this, handler, receiver, value, promise);
        return context.with(caller, settle, this, handler, receiver, value, promise);
      },
  );

  // The option is needed for the callbacks of `map`, `each` and `reduce`, which Bluebird calls elsewhere.
  const before = bluebird._getContext;
  bluebird.config({ asyncHooks: true });
  const isChanged = bluebird._getContext !== before;
  if (isChanged) tools.onDisable(() => bluebird.config({ asyncHooks: false }));
}
