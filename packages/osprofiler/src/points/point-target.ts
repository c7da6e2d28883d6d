import { URL } from 'node:url';
import { openAmqp } from './amqp-target.ts';
import { type ClientLibrary, findLibrary } from './client-library.ts';
import { openMysql } from './mysql-target.ts';
import type { PointConnection, PointStore, PointTarget } from './point-store.ts';
import { openPostgres } from './postgres-target.ts';
import { openRedis, type PointRetention } from './redis-target.ts';

interface Driver {
  /** The packages that it can use; the first one that is installed is used. */
  readonly libraries: readonly string[];
  /** The scheme that the library expects. */
  readonly scheme: string;
  open(library: ClientLibrary, url: string, retention: PointRetention): Promise<PointConnection>;
}

const redis: Driver = { libraries: ['redis', 'ioredis'], scheme: 'redis', open: openRedis };
const postgres: Driver = { libraries: ['pg'], scheme: 'postgresql', open: openPostgres };
const mysql: Driver = { libraries: ['mysql2'], scheme: 'mysql', open: openMysql };
const amqp: Driver = {
  libraries: ['amqplib'],
  scheme: 'amqp',
  open: (library, url, { expireSeconds }) => openAmqp(library, url, expireSeconds),
};

/** By scheme. `postgresql+psycopg2` and the like name a library of Python. */
const DRIVERS: ReadonlyMap<string, Driver> = new Map([
  ['redis', redis],
  ['rediss', { ...redis, scheme: 'rediss' }],
  ['postgresql', postgres],
  ['postgres', postgres],
  ['mysql', mysql],
  ['amqp', amqp],
  ['amqps', { ...amqp, scheme: 'amqps' }],
  ['rabbit', amqp],
]);

/** What `osprofilerPoints` expects, as quoted in errors. */
export const TARGET_EXPECTED = `a store, or a URL with one of the schemes ${[...DRIVERS.keys()].join(', ')}`;

/**
 * The target of a connection string or of a user's store; `undefined` if it is neither.
 *
 * @throws {TypeError} if no client library for the connection string is installed
 */
export function targetOf(given: unknown, retention: PointRetention): PointTarget | undefined {
  if (isStore(given)) return targetOfStore(given);
  const [, scheme = '', rest = ''] =
    typeof given === 'string' ? (/^(\w+)(?:\+\w+)?(:\/\/.+)/s.exec(given) ?? []) : [];
  const driver = DRIVERS.get(scheme);
  const url = `${driver?.scheme}${withoutSlash(rest, driver)}`;
  if (driver === undefined || !URL.canParse(url)) return undefined;
  const { host } = new URL(url);
  const name = `${driver.scheme}://${host}`;
  const library = findLibrary(driver.libraries, name);
  return { name, open: () => driver.open(library, url, retention) };
}

/** In oslo.messaging, `/` alone is the default virtual host; amqplib reads it as the one without a name. */
function withoutSlash(rest: string, driver: Driver | undefined): string {
  return driver?.libraries === amqp.libraries ? rest.replace(/^(:\/\/[^/]*)\/$/, '$1') : rest;
}

function isStore(value: unknown): value is PointStore {
  return typeof value === 'object' && value !== null && 'write' in value && typeof value.write === 'function';
}

function targetOfStore(store: PointStore): PointTarget {
  const connection: PointConnection = {
    isOpen: () => true,
    close: () => {},
    write: async (points) => {
      await store.write(points);
      return 0;
    },
  };
  return { name: 'the store', open: async () => connection, close: async () => store.close?.() };
}
