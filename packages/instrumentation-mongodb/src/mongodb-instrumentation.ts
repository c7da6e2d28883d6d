import {
  bindCallback,
  db,
  defineInstrumentation,
  dress,
  errors,
  type OptionsOf,
  observePromise,
  option,
  type PoolWait,
  type Tools,
} from '@clew/core/plugin';
import { batchSizeOf, describeCommand, tracedName } from './command.ts';
import { databaseOf, databaseOfPool, databaseOfTopology, rememberHost } from './hosts.ts';
import type { Callback, CheckOut, Command, ConnectionPool, SelectServer } from './mongodb.ts';
import { describeReply } from './reply.ts';

declare const __VERSION__: string;

const MONGODB = { module: 'mongodb', versions: ['>=6 <8'], patch };
const options = {
  ...db.commandOptions,
  /** Whether `db.query.text` is recorded: fields and operators, with `?` for each value. False by default. */
  recordQueryText: option.boolean(false),
} as const;

type MongoTools = Tools<OptionsOf<typeof options>>;
type Patched = 'Connection' | 'ConnectionPool' | 'Topology';
type Exports = { readonly [Name in Patched]?: { readonly prototype: object } };

/** Traces the commands that MongoDB's driver sends. */
export const MongoDBInstrumentation = defineInstrumentation({
  name: '@clew/instrumentation-mongodb',
  version: __VERSION__,
  options,
  targets: [
    { ...MONGODB, file: 'lib/cmap/connection.js' },
    { ...MONGODB, file: 'lib/cmap/connection_pool.js' },
    { ...MONGODB, file: 'lib/sdam/topology.js' },
  ],
});

export type MongoDBInstrumentation = InstanceType<typeof MongoDBInstrumentation>;

/** Each file exports one of the classes. */
function patch(moduleExports: unknown, tools: MongoTools): void {
  const { Connection, ConnectionPool, Topology } = moduleExports as Exports;
  if (Connection !== undefined) patchCommand(Connection.prototype, tools);
  if (ConnectionPool !== undefined) patchCheckOut(ConnectionPool.prototype, tools);
  if (Topology !== undefined) patchSelectServer(Topology.prototype, tools);
}

/** All commands, of the driver itself too, are sent by this method. It is called in the context of the caller. */
function patchCommand(prototype: object, tools: MongoTools): void {
  tools.wrap<Command>(prototype, 'command', (command) => {
    const hasCallback = command.length === 4;
    return function (namespace, document, given, last) {
      const send = (lastArgument: unknown) => command.call(this, namespace, document, given, lastArgument);
      const name = tracedName(this, document, given);
      const operation =
        name === undefined
          ? undefined
          : db.startQuery(tools, () => ({
              database: databaseOf(this, namespace.db),
              command: describeCommand(name, document, namespace.db, textLimit(tools)),
              batchSize: batchSizeOf(name, document),
              connection: this,
            }));
      if (name === undefined || operation === undefined) return send(last);
      const describe = (reply: unknown) => describeReply(operation, name, reply);
      if (hasCallback) return operation.run(() => send(operation.callback(last, describe)));
      return operation.settle(
        operation.run(() => send(last)),
        describe,
      );
    };
  });
}

function textLimit({ options: { maxQueryLength, recordQueryText } }: MongoTools): number | undefined {
  return recordQueryText && maxQueryLength !== 0 ? maxQueryLength : undefined;
}

/** The wait for a connection. Before mongodb 6.4, the pool calls back in the context of another request. */
function patchCheckOut(prototype: object, tools: MongoTools): void {
  tools.wrap<CheckOut>(
    prototype,
    'checkOut',
    (checkOut) =>
      function (last) {
        observe(tools, this);
        const wait = db.startAcquire(tools, () => databaseOfPool(this));
        const acquired = (connection: unknown) => {
          rememberHost(connection, this);
          wait?.acquired(connection);
        };
        if (typeof last === 'function')
          return checkOut.call(this, observedCallback(last as Callback, acquired, wait));
        if (wait === undefined) return checkOut.call(this, last);
        return observePromise(checkOut.call(this, last), acquired, (error) => failed(wait, error));
      },
  );
}

/** Records that no server could be selected, so that no command was sent. It is not a wait for a pool. */
function patchSelectServer(prototype: object, tools: MongoTools): void {
  tools.wrap<SelectServer>(
    prototype,
    'selectServer',
    (select) =>
      function (selector, given, callback) {
        const wait = db.startConnect(tools, () => databaseOfTopology(this));
        const selected = () => wait?.end();
        if (typeof callback === 'function')
          return select.call(this, selector, given, observedCallback(callback as Callback, selected, wait));
        const server = select.call(this, selector, given, callback);
        return wait === undefined ? server : observePromise(server, selected, (error) => failed(wait, error));
      },
  );
}

function observedCallback(
  callback: Callback,
  succeeded: (result: unknown) => void,
  wait: PoolWait | undefined,
): Callback {
  const bound = bindCallback(callback);
  const observed: Callback = (error, result) => {
    if (error) failed(wait, error);
    else succeeded(result);
    bound(error, result);
  };
  return dress(observed, callback);
}

/** A wait that the application cancelled has not failed. */
function failed(wait: PoolWait | undefined, error: unknown): void {
  if (errors.isCancellation(error)) wait?.end();
  else wait?.fail(error);
}

function observe(tools: MongoTools, pool: ConnectionPool): void {
  db.observePool(tools, pool, databaseOfPool, stateOf);
}

function stateOf({
  availableConnectionCount,
  currentCheckedOutCount,
  waitQueueSize,
  options,
}: ConnectionPool) {
  return {
    idle: availableConnectionCount,
    used: currentCheckedOutCount,
    pending: waitQueueSize,
    max: options.maxPoolSize || undefined,
  };
}
