import { errorMonitor } from 'node:events';
import { db } from '@clew/core/plugin';
import { type Command, type Connection, databaseOf, type Mysql2Tools } from './mysql2.ts';
import { currentlyRequested } from './sent-query.ts';

type AddCommand = (this: Connection, command: Command) => Command | undefined;

/**
 * Patches the start of a connection, to record that it could not be opened. The channel `mysql2:connect` is not used: if it
 * has a subscriber, mysql2 swallows such an error of an application that does not listen to it.
 */
export function patchConnecting(tools: Mysql2Tools, prototype: Connection): void {
  tools.wrap<AddCommand>(
    prototype,
    'addCommand',
    (addCommand) =>
      function (command) {
        // The first command of a connection. Those of a pool are part of the request for a connection.
        if ('handshake' in command && currentlyRequested() === undefined) watchHandshake(tools, this);
        return addCommand.call(this, command);
      },
  );
}

function watchHandshake(tools: Mysql2Tools, connection: Connection): void {
  const wait = db.startConnect(tools, () => databaseOf(connection.config));
  if (wait === undefined) return;
  connection.once(errorMonitor, (error) => {
    if (!connection._handshakePacket) wait.fail(error);
  });
}
