import { EventEmitter } from 'node:events';
import { Stream } from 'node:stream';
import {
  type AnyFunction,
  bindCallback,
  currentContext,
  dress,
  emitters,
  guard,
  type QueryOperation,
} from '@clew/core/plugin';
import { type PgTools, rowsOf, type Submittable } from './pg.ts';

type Handler = (this: Submittable, ...args: unknown[]) => unknown;

const operations = new WeakMap<object, QueryOperation>();

/**
 * Ends the operation when pg reports the end of a query to its object. The callback and the listeners of the query run in
 * the context that is current now.
 */
export function follow(tools: PgTools, query: Submittable, operation: QueryOperation | undefined): void {
  if (operation !== undefined) operations.set(query, operation);
  for (const each of query.cursor === undefined ? [query] : [query, query.cursor]) {
    const prototype = prototypeOf(each);
    if (prototype === undefined) continue;
    tools.once(prototype, () => patchClass(tools, prototype));
    emitters.setContext(each, currentContext());
  }
  replaceHandler(query, 'handleError', (handle) => operation?.callback(handle) ?? bindCallback(handle));
  replaceHandler(query, 'handleReadyForQuery', (handle) => {
    const bound = bindCallback(handle);
    return function (...args) {
      guard('reading the result of a query', () => {
        if (this.errored) operation?.fail(this.errored);
        operation?.rows(rowsOf(this._results));
      });
      operation?.end();
      return bound.apply(this, args);
    };
  });
  // A stream that is destroyed before it is sent reports nothing else.
  if (query instanceof Stream) operation?.endOn(query);
}

/** Ends the operation of a query that was removed from the queue: pg never reports its end. */
export function endRemoved(query: object): void {
  operations.get(query)?.end();
}

/** The prototype of the class that makes an object submittable; `undefined` for an object without such a class. */
function prototypeOf(query: object): object | undefined {
  let at: object | null = query;
  while (at !== null && !Object.hasOwn(at, 'submit')) at = Object.getPrototypeOf(at);
  return at === null || at === query ? undefined : at;
}

function patchClass(tools: PgTools, prototype: object): void {
  if (prototype instanceof EventEmitter) emitters.emitInOwnContext(tools, prototype);
  for (const name of ['read', 'close']) {
    if (!Object.hasOwn(prototype, name)) continue;
    tools.wrap<Handler>(
      prototype,
      name,
      (call) =>
        function (...args) {
          return call.apply(
            this,
            args.map((arg) => bindCallback(arg)),
          );
        },
    );
  }
}

/** Replaces a method of one object; the new one is as enumerable as the old one. */
function replaceHandler(query: Submittable, name: string, make: (handle: Handler) => Handler): void {
  const handle: unknown = Reflect.get(query, name);
  if (typeof handle !== 'function') return;
  const value = dress(make(handle as Handler) as AnyFunction, handle as AnyFunction);
  const enumerable = Object.prototype.propertyIsEnumerable.call(query, name);
  Object.defineProperty(query, name, { value, enumerable, writable: true, configurable: true });
}
