import type { EventEmitter } from 'node:events';
import type { BoundValues, CommentOptions, Database, DbOptions, Tools } from '@clew/core/plugin';

export type Mysql2Tools = Tools<DbOptions & CommentOptions>;

/** The used members of mysql2's main module. */
export interface Mysql2 {
  readonly Connection: {
    readonly prototype: Connection;
    createQuery(sql: unknown, values: unknown, callback: unknown, config: ConnectionConfig): Command;
  };
  readonly Pool: { readonly prototype: Pool };
}

export interface ConnectionConfig {
  readonly host?: string;
  readonly port?: number | string;
  readonly socketPath?: string;
  readonly database?: string;
}

/** The methods that send a command accept the statement, options or a command, then values, then a callback. */
export type Send = (this: Connection, ...args: unknown[]) => Command | undefined;

export interface Connection extends EventEmitter {
  readonly config: ConnectionConfig;
  /** The socket. */
  readonly stream: EventEmitter;
  readonly query: Send;
  /** Replaced on a closed connection by a function that reports an error. */
  addCommand(command: Command): Command | undefined;
  /** Set when the connection is open. */
  readonly _handshakePacket?: unknown;
  readonly _fatalError?: unknown;
  readonly _protocolError?: unknown;
}

/** A query that is sent: it calls `onResult`, or emits events if there is none. */
export interface Command extends EventEmitter {
  sql?: string;
  onResult?: unknown;
}

/** A prepared statement of the application. */
export interface Statement {
  readonly query: string;
  readonly _connection: Connection;
}

interface Queue {
  readonly length: number;
  get(index: number): object | undefined;
}

export interface Pool {
  readonly config: { readonly connectionLimit: number; readonly connectionConfig: ConnectionConfig };
  readonly _allConnections: Queue;
  readonly _freeConnections: Queue;
  readonly _connectionQueue: Queue;
  getConnection(callback: unknown): unknown;
}

/** A statement and its values, before mysql2 inserts them. */
export interface Unformatted {
  readonly sql: string | undefined;
  readonly values: BoundValues | undefined;
}

/** Reads the arguments of `query` and `execute`. */
export function unformatted([first, second]: readonly unknown[]): Unformatted {
  if (typeof first === 'string') return { sql: first, values: boundValues(second) };
  const { sql, values } = (first ?? {}) as { readonly sql?: unknown; readonly values?: unknown };
  return {
    sql: typeof sql === 'string' ? sql : undefined,
    values: boundValues(typeof second === 'function' ? values : (second ?? values)),
  };
}

/** A single value does not need an array. */
export function boundValues(values: unknown): BoundValues | undefined {
  if (values === undefined || values === null || typeof values === 'function') return undefined;
  return typeof values === 'object' ? (values as BoundValues) : [values];
}

/** The database that a connection is configured for. */
export function databaseOf({ host, port, socketPath, database }: ConnectionConfig): Database {
  return {
    system: 'mysql',
    namespace: database || undefined,
    address: socketPath || host || 'localhost',
    port: socketPath ? undefined : Number(port) || 3306,
  };
}

/**
 * The number of rows in a result; `undefined` for a statement that returns no rows. Several statements, or a procedure,
 * have an array of results, which differs from rows as arrays (`rowsAsArray`) in what its first item contains.
 */
export function rowsOf(result: unknown): number | undefined {
  if (!Array.isArray(result)) return undefined;
  const [first]: readonly unknown[] = result;
  const isSeveral = Array.isArray(first) ? first.every(isRow) : isHeader(first);
  if (!isSeveral) return result.length;
  return result.reduce((sum: number, each: unknown) => sum + (Array.isArray(each) ? each.length : 0), 0);
}

function isRow(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
}

/** The result of a statement that returns no rows. */
function isHeader(value: unknown): boolean {
  return typeof value === 'object' && value !== null && value.constructor?.name === 'ResultSetHeader';
}
