import { guard, perObject, type QueryOperation } from '@clew/core/plugin';
import type { Connection } from './mysql2.ts';

/**
 * Ends the operation if its connection closes before the query has ended. mysql2 reports a lost connection only to
 * queries with a callback. If the application destroys the connection, mysql2 reports that to no query.
 */
export function endWithConnection(connection: Connection, operation: QueryOperation): void {
  guard('watching a connection', () => operation.keepIn(openOperations(connection)));
}

const openOperations = perObject((connection: Connection): Set<QueryOperation> => {
  const open = new Set<QueryOperation>();
  connection.stream.once('close', () => {
    const error = connection._fatalError ?? connection._protocolError;
    for (const operation of open) {
      if (error) operation.fail(error);
      operation.end();
    }
  });
  return open;
});
