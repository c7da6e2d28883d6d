import { type Database, perObject } from '@clew/core/plugin';
import type { Connection, ConnectionPool, HostAddress, Topology } from './mongodb.ts';

const SYSTEM = 'mongodb';
const hosts = new WeakMap<object, HostAddress>();

/** Remembers the host of a connection's pool, because a connection knows only the address of its socket. */
export function rememberHost(connection: unknown, pool: ConnectionPool): void {
  if (typeof connection === 'object' && connection !== null) hosts.set(connection, pool.options.hostAddress);
}

/** The database that a command of a connection is sent to. */
export function databaseOf(connection: Connection, namespace: string): Database {
  const host = hosts.get(connection);
  return { ...(host === undefined ? ofSocket(connection) : ofHost(host)), namespace };
}

/** The server of a pool. */
export function databaseOfPool({ options }: ConnectionPool): Database {
  return ofHost(options.hostAddress);
}

/** The server of a client; only the system, if there are several. */
export function databaseOfTopology({ s }: Topology): Database {
  const [first, second] = s.seedlist ?? [];
  return first === undefined || second !== undefined ? { system: SYSTEM } : ofHost(first);
}

const ofHost = perObject(({ host, port, socketPath }: HostAddress): Database => {
  return { system: SYSTEM, address: host ?? socketPath, port: host === undefined ? undefined : port };
});

const ofSocket = perObject(({ address }: Connection): Database => {
  const [, host, port] = /^\[?(.+?)\]?:(\d+)$/.exec(address) ?? [];
  return { system: SYSTEM, address: host, port: port === undefined ? undefined : Number(port) };
});
