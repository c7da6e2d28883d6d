import type { ClientLibrary } from './client-library.ts';
import type { Point } from './point.ts';
import { CONNECT_TIMEOUT_MS, type PointConnection } from './point-store.ts';
import { withinDeadline } from './within-deadline.ts';

/** How much a store keeps. */
export interface PointRetention {
  readonly maxPointsPerTrace: number;
  readonly expireSeconds: number;
}

/** The part of a client that is used, the same for both libraries. */
interface RedisClient {
  send(...args: string[]): Promise<unknown>;
  isOpen(): boolean;
  close(): void;
}

/** The lists of OSProfiler's driver: it reads a trace from this key, newest points first. */
const KEY_PREFIX = 'osprofiler_opt:';

/** Opens a connection to Redis with `redis` or `ioredis`. */
export async function openRedis(
  library: ClientLibrary,
  url: string,
  retention: PointRetention,
): Promise<PointConnection> {
  const client = await (library.name === 'ioredis' ? withIoredis(library, url) : withRedis(library, url));
  return {
    isOpen: client.isOpen,
    close: client.close,
    write: async (points) => {
      const traces = [...Map.groupBy(points, ({ base_id }) => base_id)];
      const refused = await Promise.all(traces.map(([id, all]) => push(client, id, all, retention)));
      return refused.reduce((sum, each) => sum + each, 0);
    },
  };
}

/** Returns how many points were refused. */
async function push(
  client: RedisClient,
  baseId: string,
  points: readonly Point[],
  { maxPointsPerTrace, expireSeconds }: PointRetention,
): Promise<number> {
  const key = KEY_PREFIX + baseId;
  const room = maxPointsPerTrace - Number(await client.send('LLEN', key));
  // Both points of a span, or none.
  const accepted = points.slice(0, Math.max(0, room - (room % 2)));
  if (accepted.length > 0) {
    const texts = accepted.map((point) => JSON.stringify(point));
    const pushed = client.send('LPUSH', key, ...texts);
    await Promise.all([pushed, client.send('EXPIRE', key, String(expireSeconds))]);
  }
  return points.length - accepted.length;
}

interface RedisLibrary {
  createClient(options: object): {
    readonly isReady: boolean;
    on(event: 'error', listener: () => void): void;
    connect(): Promise<unknown>;
    unref(): void;
    sendCommand(args: readonly string[]): Promise<unknown>;
    destroy?(): void;
    disconnect(): Promise<void>;
  };
}

async function withRedis(library: ClientLibrary, url: string): Promise<RedisClient> {
  const { createClient } = library.load() as RedisLibrary;
  const socket = { connectTimeout: CONNECT_TIMEOUT_MS, reconnectStrategy: false };
  const client = createClient({ url, socket, disableOfflineQueue: true });
  // Without a listener, an error would end the process. A command that is affected rejects, too.
  client.on('error', () => {});
  client.unref();
  // Version 4 has no `destroy`.
  const close = () =>
    client.destroy === undefined ? void client.disconnect().catch(() => {}) : client.destroy();
  await connected(client.connect(), close);
  return { send: (...args) => client.sendCommand(args), isOpen: () => client.isReady, close };
}

/** The libraries limit the time of the TCP connection, but not that of the commands that follow. */
async function connected(connecting: Promise<unknown>, close: () => void): Promise<void> {
  if ((await withinDeadline(connecting, CONNECT_TIMEOUT_MS, 'unreferenced')) === 'late') {
    close();
    throw new Error(`no response within ${CONNECT_TIMEOUT_MS} ms`);
  }
  await connecting;
}

interface IoredisLibrary {
  new (
    url: string,
    options: object,
  ): {
    readonly status: string;
    readonly stream?: { unref(): void };
    on(event: 'error' | 'connect', listener: () => void): void;
    connect(): Promise<void>;
    call(...args: string[]): Promise<unknown>;
    disconnect(): void;
  };
}

async function withIoredis(library: ClientLibrary, url: string): Promise<RedisClient> {
  const { Redis } = library.load() as { readonly Redis: IoredisLibrary };
  const options = {
    lazyConnect: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    retryStrategy: null,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
  };
  const client = new Redis(url, options);
  client.on('error', () => {});
  client.on('connect', () => client.stream?.unref());
  const close = () => client.disconnect();
  await connected(client.connect(), close);
  return { send: (...args) => client.call(...args), isOpen: () => client.status === 'ready', close };
}
