import { EventEmitter, errorMonitor } from 'node:events';
import type { Command, Connection, Send } from './mysql2.ts';

/**
 * Sends a query that mysql2 publishes. For a query without a callback, mysql2 then listens to its errors and catches what
 * is thrown while it is sent. Without a listener of the application, both have to reach the application as they do where
 * the channel has no subscribers.
 */
export function sendPublished(connection: Connection, args: unknown[], send: Send): Command | undefined {
  const [first] = args;
  const given = first instanceof EventEmitter ? (first as Command) : undefined;
  const hasCallback = given ? Boolean(given.onResult) : args.some((each) => typeof each === 'function');
  if (hasCallback) return Reflect.apply(send, connection, args);
  const known = given?.listenerCount('error') ?? 0;
  const command = rethrowing(connection, () => Reflect.apply(send, connection, args));
  for (const listener of command?.listeners('error').slice(known) ?? []) {
    command?.removeListener('error', listener as () => void);
    command?.once(errorMonitor, listener as () => void);
  }
  return command;
}

/** Throws what `addCommand` throws within the call. */
function rethrowing<T>(connection: Connection, send: () => T): T {
  const own = Object.getOwnPropertyDescriptor(connection, 'addCommand');
  const { addCommand } = connection;
  let thrown: { readonly error: unknown } | undefined;
  const observed: typeof addCommand = (command) => {
    try {
      return addCommand.call(connection, command);
    } catch (error) {
      thrown = { error };
      throw error;
    }
  };
  connection.addCommand = observed;
  try {
    const result = send();
    if (thrown !== undefined) throw thrown.error;
    return result;
  } finally {
    // A connection that has been closed meanwhile has another one.
    if (connection.addCommand === observed) {
      if (own === undefined) Reflect.deleteProperty(connection, 'addCommand');
      else Object.defineProperty(connection, 'addCommand', own);
    }
  }
}
