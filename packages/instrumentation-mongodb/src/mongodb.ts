/** The used members of the driver's objects, in all supported versions. */

/** A command as the driver or the application built it: its first key is its name. */
export type CommandDocument = Readonly<Record<string, unknown>>;

/** A database, with or without a collection. */
export interface Namespace {
  readonly db: string;
}

/** A connection of a pool, or of the driver's monitoring. */
export interface Connection {
  /** The address that the socket is connected to: `127.0.0.1:27017`, `[::1]:27017`. */
  readonly address: string;
  /** Whether the handshake is done. Not known before mongodb 6.4. */
  readonly established?: boolean;
}

export interface CommandOptions {
  /** Whether the cursor of a `getMore` waits for documents that are not written yet. Not known before mongodb 6.11. */
  readonly tailable?: boolean;
  readonly awaitData?: boolean;
}

/** The host in the connection string, or the one that the replica set has announced. */
export interface HostAddress {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly socketPath?: string | undefined;
}

export interface ConnectionPool {
  readonly options: { readonly hostAddress: HostAddress; readonly maxPoolSize?: number };
  readonly availableConnectionCount: number;
  readonly currentCheckedOutCount: number;
  readonly waitQueueSize: number;
}

/** The servers of a client. */
export interface Topology {
  readonly s: { readonly seedlist?: readonly HostAddress[] };
}

export type Callback = (error: unknown, result: unknown) => void;

/** The last argument is the callback before mongodb 6.4; from 6.6 on, it is the class of the reply. */
export type Command = (
  this: Connection,
  namespace: Namespace,
  command: CommandDocument,
  options: CommandOptions | undefined,
  last: unknown,
) => unknown;

/** The last argument is the callback before mongodb 6.4. */
export type CheckOut = (this: ConnectionPool, last: unknown) => unknown;
export type SelectServer = (
  this: Topology,
  selector: unknown,
  options: unknown,
  callback: unknown,
) => unknown;
