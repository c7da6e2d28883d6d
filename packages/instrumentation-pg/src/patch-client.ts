import { bindCallback, db, guard, type QueryOperation } from '@clew/core/plugin';
import { isCreatingClient, replaceCallback } from './patch-pool.ts';
import {
  type Client,
  databaseOf,
  isSubmittable,
  type PgTools,
  type QueryConfig,
  rowsOf,
  statementOf,
} from './pg.ts';
import { endRemoved, follow } from './submittables.ts';

type Call = (this: Client, ...args: unknown[]) => unknown;

/** Patches a class of clients: pg's own, or the one of its native bindings. */
export function patchClient(tools: PgTools, prototype: object): void {
  tools.wrap<Call>(
    prototype,
    'query',
    (query) =>
      function (...args) {
        const [statement, values] = args;
        const operation = db.startQuery(tools, () => ({
          ...statementOf(this, statement, values),
          database: databaseOf(this),
          connection: this,
        }));
        const call = () => query.apply(this, args);
        const run = operation === undefined ? call : () => operation.run(call);
        if (isSubmittable(statement)) {
          guard(`${tools.name}: following a query`, () => follow(tools, statement, operation));
          return run();
        }
        if (tools.options.sqlComments) args[0] = withComment(tools, operation, statement);
        return runWithCallback(args, operation, run);
      },
  );

  tools.wrap<Call>(
    prototype,
    'connect',
    (connect) =>
      function (...args) {
        // The pool reports the failure itself.
        if (isCreatingClient()) return connect.apply(this, args);
        const wait = db.startConnect(tools, () => databaseOf(this));
        const hasCallback = replaceCallback(wait, args);
        const connected = connect.apply(this, args);
        return wait === undefined || hasCallback ? connected : wait.settle(connected);
      },
  );

  tools.wrap<Call>(
    prototype,
    'cancel',
    (cancel) =>
      function (...args) {
        const [client, query] = args as [Client, object];
        const isQueued = (client?._queryQueue ?? client?.queryQueue)?.includes(query);
        const result = cancel.apply(this, args);
        if (isQueued) endRemoved(query);
        return result;
      },
  );
}

/** Runs a query that ends with its callback, which is an argument or in the configuration, or else with its promise. */
function runWithCallback(args: unknown[], operation: QueryOperation | undefined, run: () => unknown) {
  const describe = (result: unknown) => operation?.rows(rowsOf(result));
  const index = [2, 1].find((each) => typeof args[each] === 'function');
  const config = Object(args[0]) as QueryConfig;
  const callback = index === undefined ? config.callback : args[index];
  if (typeof callback !== 'function') return operation ? operation.settle(run(), describe) : run();
  const traced = operation?.callback(callback, describe) ?? bindCallback(callback);
  args[index ?? 2] = traced;
  const isCopied = index === undefined && !hasWritableCallback(config);
  if (isCopied) args[0] = Object.create(config, { callback: { value: traced, writable: true } });
  try {
    return run();
  } finally {
    // pg sets the callback on the application's object, which may be used again.
    if (!isCopied && config.callback === traced) config.callback = callback;
  }
}

/** pg can't replace a callback that is read-only, has a getter, or is inherited by a frozen object. */
function hasWritableCallback(config: object): boolean {
  return Object.getOwnPropertyDescriptor(config, 'callback')?.writable === true;
}

/** A prepared statement is cached by its text, and stays as it is. */
function withComment(tools: PgTools, operation: QueryOperation | undefined, statement: unknown): unknown {
  if (typeof statement === 'string') return db.withComment(tools, operation, statement);
  const { text, name, constructor: type } = Object(statement) as QueryConfig;
  if (typeof text !== 'string' || name || type !== Object) return statement;
  return { ...(statement as QueryConfig), text: db.withComment(tools, operation, text) };
}
