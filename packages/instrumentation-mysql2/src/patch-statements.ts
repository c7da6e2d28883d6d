import { bindCallback } from '@clew/core/plugin';
import {
  boundValues,
  type Connection,
  databaseOf,
  type Mysql2Tools,
  type Send,
  type Statement,
} from './mysql2.ts';
import { sendTraced } from './send-traced.ts';

type Execute = (this: Statement, ...args: unknown[]) => ReturnType<Send>;
type Prepared = (this: unknown, error: unknown, statement?: object) => unknown;

/** Methods that send no query. Their callback runs in the context of the caller. */
const OTHER_METHODS = ['changeUser', 'connect', 'ping', 'reset'];

/** Patches the statements that the application prepares. No version publishes their queries. */
export function patchStatements(tools: Mysql2Tools, prototype: Connection): void {
  tools.wrap<Send>(
    prototype,
    'prepare',
    (prepare) =>
      function (options, callback, ...rest) {
        if (typeof callback !== 'function') return prepare.call(this, options, callback, ...rest);
        const bound = bindCallback(callback as Prepared);
        const prepared: Prepared = function (error, statement) {
          if (statement) patchStatement(tools, Object.getPrototypeOf(statement));
          return bound.call(this, error, statement);
        };
        return prepare.call(this, options, prepared, ...rest);
      },
  );
  for (const name of OTHER_METHODS) {
    tools.wrap<Send>(
      prototype,
      name,
      (send) =>
        function (...args) {
          return Reflect.apply(send, this, args.map(bindCallback));
        },
    );
  }
}

/** The class of prepared statements can only be reached through one of them. */
function patchStatement(tools: Mysql2Tools, prototype: object): void {
  tools.once(prototype, () =>
    tools.wrap<Execute>(
      prototype,
      'execute',
      (execute) =>
        function (...args) {
          const { query: sql, _connection: connection } = this;
          const describe = () => ({
            sql,
            values: boundValues(args[0]),
            database: databaseOf(connection.config),
            connection,
          });
          return sendTraced(tools, { connection, args, describe }, (traced) =>
            Reflect.apply(execute, this, traced),
          );
        },
    ),
  );
}
