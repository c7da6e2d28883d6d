import { EventEmitter } from 'node:events';
import { bindCallback, type DbQuery, db, type QueryOperation } from '@clew/core/plugin';
import { endWithConnection } from './connection-end.ts';
import { type Command, type Connection, type Mysql2Tools, rowsOf } from './mysql2.ts';

/** A query that no channel publishes. */
export interface UnpublishedQuery {
  readonly connection: Connection;
  readonly args: readonly unknown[];
  /** The command to comment, if the option `sqlComments` is set. */
  readonly command?: Command | undefined;
  readonly describe: () => DbQuery;
}

/** Sends a query that no channel publishes, with a span of its own. */
export function sendTraced(
  tools: Mysql2Tools,
  { connection, args, command, describe }: UnpublishedQuery,
  send: (args: unknown[]) => Command | undefined,
): Command | undefined {
  const operation = db.startQuery(tools, describe);
  if (operation === undefined) return send(withCallback(args, bindCallback));
  endWithConnection(connection, operation);
  if (command?.sql !== undefined) command.sql = db.withComment(tools, operation, command.sql);
  const traced = withCallback(args, (callback) => endWith(operation, callback));
  const sent = operation.run(() => send(traced));
  if (sent === undefined) operation.end();
  else if (!sent.onResult) operation.endOn(sent, 'end');
  return sent;
}

function endWith(operation: QueryOperation, callback: unknown): unknown {
  return operation.callback(callback, (result: unknown) => operation.rows(rowsOf(result)));
}

/** The arguments with the callback replaced, which is one of them, or that of the command. */
function withCallback(args: readonly unknown[], replace: (callback: unknown) => unknown): unknown[] {
  const [first] = args;
  if (!(first instanceof EventEmitter))
    return args.map((each) => (typeof each === 'function' ? replace(each) : each));
  const command = first as Command;
  command.onResult = replace(command.onResult);
  return [...args];
}
