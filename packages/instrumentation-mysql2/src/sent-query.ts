import type { Command, Connection } from './mysql2.ts';

/** A call of `query` or `execute`: what the message of a channel lacks. */
export interface SentQuery {
  readonly connection: Connection;
  /** The arguments of the call, in which the values are separate from the statement. */
  readonly args: readonly unknown[];
  /** The command, if it was created for the option `sqlComments`. */
  readonly command: Command | undefined;
  /** Whether the patched function has started the operation, because this version has no channels. */
  readonly isTraced: boolean;
}

/** A request for a connection of a pool. */
export interface PoolRequest {
  /** Whether the pool repeats a request that it has published before. */
  readonly isRepeated: boolean;
}

let sent: SentQuery | undefined;
let requested: PoolRequest | undefined;

/** The call that is running now. A channel publishes within it. */
export function currentlySent(): SentQuery | undefined {
  return sent;
}

/** Makes a call of `query` or `execute`. */
export function sendAs<T>(query: SentQuery, send: () => T): T {
  const outer = sent;
  sent = query;
  try {
    return send();
  } finally {
    sent = outer;
  }
}

/** The request that is made now. A pool opens a connection within it. */
export function currentlyRequested(): PoolRequest | undefined {
  return requested;
}

/** Requests a connection. */
export function requestAs<T>(request: PoolRequest, send: () => T): T {
  const outer = requested;
  requested = request;
  try {
    return send();
  } finally {
    requested = outer;
  }
}
