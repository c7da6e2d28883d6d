import { type AnyFunction, dress, guard, type QueryOperation } from '@clew/core/plugin';

/** Ends the operations of iterators that the application abandons: SQLite does not report that. */
const abandoned = new FinalizationRegistry<QueryOperation>((operation) => operation.end());

/** Ends the operation with the iteration. Returns the iterator of the library, which keeps its class. */
export function traceIteration(operation: QueryOperation, iterator: Iterator<unknown>): Iterator<unknown> {
  if (!operation.isDescribed) {
    operation.end();
    return iterator;
  }
  guard('tracing an iterator', () => {
    let rows = 0;
    const observed = (call: () => IteratorResult<unknown>) => {
      try {
        const result = call();
        if (!result.done) rows++;
        else if (!operation.ended) {
          operation.rows(rows);
          operation.end();
        }
        return result;
      } catch (error) {
        operation.fail(error);
        operation.end();
        throw error;
      }
    };
    override(iterator, 'next', observed);
    override(iterator, 'return', observed);
    abandoned.register(iterator, operation);
  });
  return iterator;
}

/** Overrides a method of one iterator. */
function override(
  iterator: Iterator<unknown>,
  name: 'next' | 'return',
  make: (call: () => IteratorResult<unknown>) => IteratorResult<unknown>,
): void {
  const method = iterator[name];
  if (method === undefined) return;
  const value = dress(function (this: unknown, ...args: []) {
    return make(() => Reflect.apply(method, this, args));
  }, method as AnyFunction);
  Object.defineProperty(iterator, name, { value, writable: true, configurable: true });
}
