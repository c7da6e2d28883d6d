import { Buffer } from 'node:buffer';
import { EventEmitter, once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { Group } from './kafka-groups.ts';
import {
  APIS,
  type ApiName,
  type RequestOf,
  type ResponseOf,
  read,
  type Shape,
  write,
} from './kafka-protocol.ts';

/** A broker for tests, in this process. */
export interface KafkaBroker {
  /** `127.0.0.1:49152` */
  readonly brokers: string;
  /** The names of the requests since the start. */
  readonly requests: readonly ApiName[];
  /** Makes the next requests to produce fail with these error codes. */
  failNext(...errors: readonly number[]): void;
  /** Closes all connections, and accepts none. */
  stop(): Promise<void>;
}

const PARTITIONS = 4;
const API_VERSIONS = 18;
const ID = 1;
/** Offsets in a batch of records: of its first offset and of the number that the last one adds to it. */
const [FIRST_OFFSET, LAST_DELTA] = [0, 23];

interface Stored {
  readonly first: number;
  readonly last: number;
  readonly records: Buffer;
}

type Handlers = {
  readonly [Name in ApiName]: (request: RequestOf<Name>) => ResponseOf<Name> | Promise<ResponseOf<Name>>;
};

/**
 * Starts a broker that keeps messages, groups and transactions in memory, in topics that it creates when they are used.
 * It speaks one version of each API, and reads of the messages only how many there are.
 */
export async function startKafkaBroker(): Promise<KafkaBroker> {
  const topics = new Map<string, Stored[][]>();
  const groups = new Map<string, Group>();
  /** What to do when a transaction is committed. */
  const uncommitted = new Map<string, (() => void)[]>();
  const stored = new EventEmitter().setMaxListeners(0);
  const requests: ApiName[] = [];
  const errors: number[] = [];
  let producers = 0;

  const topicOf = (name: string) => {
    const topic = topics.get(name) ?? Array.from({ length: PARTITIONS }, () => []);
    topics.set(name, topic);
    return topic;
  };
  const logOf = (name: string, partition: number) => topicOf(name)[partition] ?? [];
  const endOf = (log: readonly Stored[]) => (log.at(-1)?.last ?? -1) + 1;
  const groupOf = (name: string) => {
    const group = groups.get(name) ?? new Group();
    groups.set(name, group);
    return group;
  };
  const store = (log: Stored[], given: Buffer) => {
    const records = Buffer.from(given);
    const first = endOf(log);
    records.writeBigInt64BE(BigInt(first), FIRST_OFFSET);
    log.push({ first, last: first + records.readInt32BE(LAST_DELTA), records });
    stored.emit('stored');
    return first;
  };
  const found = ({ topics: wanted }: RequestOf<'fetch'>) =>
    wanted.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partition, offset }) => {
        const log = logOf(name, partition);
        const records = Buffer.concat(log.filter(({ last }) => last >= offset).map((each) => each.records));
        return { partition, error: 0, end: endOf(log), stableEnd: endOf(log), aborted: [], records };
      }),
    }));
  const hasRecords = (all: ReturnType<typeof found>) =>
    all.some(({ partitions }) => partitions.some(({ records }) => records.length > 0));

  const handlers: Handlers = {
    produce({ transaction, topics: given }) {
      const error = errors.shift() ?? 0;
      const answered = given.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partition, records }) => {
          const log = logOf(name, partition);
          const later = uncommitted.get(transaction);
          if (error === 0 && later !== undefined) later.push(() => store(log, records));
          const offset = error !== 0 || later !== undefined ? endOf(log) : store(log, records);
          return { partition, error, offset, time: -1 };
        }),
      }));
      return { topics: answered, throttleMs: 0 };
    },
    async fetch(request) {
      const over = AbortSignal.timeout(request.waitMs);
      while (!hasRecords(found(request)) && !over.aborted)
        await once(stored, 'stored', { signal: over }).catch(() => {});
      return { throttleMs: 0, topics: found(request) };
    },
    listOffsets: ({ topics: given }) => ({
      topics: given.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partition, time }) => {
          const offset = time === -2 ? 0 : endOf(logOf(name, partition));
          return { partition, error: 0, time: -1, offset };
        }),
      })),
    }),
    metadata: ({ topics: given }) => ({
      throttleMs: 0,
      brokers: [{ id: ID, host: '127.0.0.1', port, rack: '' }],
      cluster: 'clew-tests',
      controller: ID,
      topics: (given.length > 0 ? given : [...topics.keys()]).map((name) => ({
        error: 0,
        name,
        isInternal: 0,
        partitions: topicOf(name).map((_, partition) => ({
          error: 0,
          partition,
          leader: ID,
          replicas: [ID],
          inSync: [ID],
        })),
      })),
    }),
    offsetCommit: ({ group, topics: given }) => ({
      topics: given.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partition, offset }) => {
          groupOf(group).offsets.set(`${name} ${partition}`, offset);
          return { partition, error: 0 };
        }),
      })),
    }),
    offsetFetch: ({ group, topics: given }) => ({
      topics: given.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map((partition) => {
          const offset = groupOf(group).offsets.get(`${name} ${partition}`) ?? -1;
          return { partition, offset, metadata: '', error: 0 };
        }),
      })),
    }),
    findCoordinator: () => ({ throttleMs: 0, error: 0, message: '', id: ID, host: '127.0.0.1', port }),
    joinGroup: (request) => groupOf(request.group).join(request),
    heartbeat: (request) => groupOf(request.group).heartbeat(request),
    leaveGroup: (request) => groupOf(request.group).leave(request),
    syncGroup: (request) => groupOf(request.group).sync(request),
    initProducer: () => ({ throttleMs: 0, error: 0, producer: ++producers, epoch: 0 }),
    addPartitions({ transaction, topics: given }) {
      if (!uncommitted.has(transaction)) uncommitted.set(transaction, []);
      const added = given.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map((partition) => ({ partition, error: 0 })),
      }));
      return { throttleMs: 0, topics: added };
    },
    endTransaction({ transaction, isCommitted }) {
      if (isCommitted !== 0) for (const commit of uncommitted.get(transaction) ?? []) commit();
      uncommitted.delete(transaction);
      return { throttleMs: 0, error: 0 };
    },
  };

  const respond = async (socket: Socket, frame: Buffer) => {
    const reader = { from: frame, at: 0 };
    const { key, version, correlation } = read(HEADER, reader);
    const body = key === API_VERSIONS ? apiVersions(version) : await answer(key, reader);
    if (body === undefined || socket.destroyed) return;
    socket.write(write('bytes', Buffer.concat([write('i32', correlation), body])));
  };
  const answer = async (key: number, reader: { from: Buffer; at: number }) => {
    const [name] = Object.entries(APIS).find(([, api]) => api.key === key) ?? [];
    if (name === undefined) throw new Error(`an unknown request ${key}`);
    requests.push(name as ApiName);
    const { request, response } = APIS[name as ApiName] as { request: Shape; response: Shape };
    const data = read(request, reader) as { acks?: number };
    const answered: unknown = await handlers[name as ApiName](data as never);
    return data.acks === 0 ? undefined : write(response, answered as never);
  };

  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
    void readFrames(socket, (frame) => respond(socket, frame));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    brokers: `127.0.0.1:${port}`,
    requests,
    failNext: (...codes) => void errors.push(...codes),
    async stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}

const HEADER = { key: 'i16', version: 'i16', correlation: 'i32', client: 'text' } as const;

/** Calls `onFrame` with each request. A client gets its responses in order: the next request waits for the last one. */
async function readFrames(socket: Socket, onFrame: (frame: Buffer) => Promise<void>): Promise<void> {
  let rest = Buffer.alloc(0);
  try {
    for await (const chunk of socket) {
      rest = Buffer.concat([rest, chunk as Buffer]);
      while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
        const end = 4 + rest.readInt32BE(0);
        await onFrame(rest.subarray(4, end));
        rest = rest.subarray(end);
      }
    }
  } catch {
    socket.destroy();
  }
}

/** The only response that new clients read in the flexible format, with lengths plus one and empty lists of tags. */
function apiVersions(version: number): Buffer {
  const keys = Object.values(APIS).map(({ key, version: only }) => ({ key, min: only, max: only }));
  const all = [{ key: API_VERSIONS, min: 0, max: 3 }, ...keys];
  const range = { key: 'i16', min: 'i16', max: 'i16' } as const;
  const throttle = write('i32', 0);
  if (version < 3)
    return Buffer.concat([
      write({ error: 'i16', all: [range] }, { error: 0, all }),
      ...(version > 0 ? [throttle] : []),
    ]);
  const tagged = all.map((each) => Buffer.concat([write(range, each), Buffer.of(0)]));
  return Buffer.concat([Buffer.of(0, 0, all.length + 1), ...tagged, throttle, Buffer.of(0)]);
}
