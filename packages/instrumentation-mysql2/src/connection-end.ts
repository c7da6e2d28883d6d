import { guard, type Operation, perObject } from '@clew/core/plugin';
import type { Connection } from './mysql2.ts';

/**
 * Ends the operation if its connection closes before the query has ended. mysql2 reports a lost connection only to
 * queries with a callback. If the application destroys the connection, mysql2 reports that to no query.
 */
export function endWithConnection(connection: Connection, operation: Operation): void {
  guard('watching a connection', () => {
    const open = openOperations(connection);
    // Queries of a connection end in the order in which they were sent.
    while (open[0]?.ended) open.shift();
    open.push(operation);
  });
}

const openOperations = perObject((connection: Connection): Operation[] => {
  const open: Operation[] = [];
  connection.stream.once('close', () => {
    const error = connection._fatalError ?? connection._protocolError;
    for (const operation of open.splice(0)) {
      if (error) operation.fail(error);
      operation.end();
    }
  });
  return open;
});
