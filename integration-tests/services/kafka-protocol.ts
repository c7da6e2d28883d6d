import { Buffer } from 'node:buffer';

/**
 * The shape of data in Kafka's protocol: integers, booleans and the time by their size, texts and bytes with their length,
 * an array of one shape, or fields in order. Nothing is nullable in particular: `null` is written as the length -1.
 * Source: https://kafka.apache.org/protocol
 */
export type Shape =
  | 'i8'
  | 'i16'
  | 'i32'
  | 'i64'
  | 'text'
  | 'bytes'
  | readonly [Shape]
  | { readonly [field: string]: Shape };

/** The data of a shape. */
export type DataOf<S> = S extends 'text'
  ? string
  : S extends 'bytes'
    ? Buffer
    : S extends string
      ? number
      : S extends readonly [infer Item]
        ? readonly DataOf<Item>[]
        : { readonly [Field in keyof S]: DataOf<S[Field]> };

interface Reader {
  readonly from: Buffer;
  at: number;
}

/** Reads data of a shape, and moves the reader behind it. */
export function read<S extends Shape>(shape: S, reader: Reader): DataOf<S> {
  return readAny(shape, reader) as DataOf<S>;
}

function readAny(shape: Shape, reader: Reader): unknown {
  const number = (size: number): number => {
    const { from, at } = reader;
    reader.at += size;
    return size === 8 ? Number(from.readBigInt64BE(at)) : from.readIntBE(at, size);
  };
  const bytes = (length: number): Buffer | null => {
    if (length < 0) return null;
    reader.at += length;
    return reader.from.subarray(reader.at - length, reader.at);
  };
  if (typeof shape !== 'string') {
    if (!isArray(shape))
      return Object.fromEntries(Object.entries(shape).map(([name, each]) => [name, readAny(each, reader)]));
    const [item] = shape;
    return Array.from({ length: Math.max(0, number(4)) }, () => readAny(item, reader));
  }
  if (shape === 'text') return bytes(number(2))?.toString() ?? null;
  return shape === 'bytes' ? bytes(number(4)) : number(Number(shape.slice(1)) / 8);
}

/** Writes data of a shape. */
export function write<S extends Shape>(shape: S, data: DataOf<S>): Buffer {
  return Buffer.concat(writeAny(shape, data));
}

function writeAny(shape: Shape, data: unknown): Buffer[] {
  if (typeof shape !== 'string') {
    if (!isArray(shape))
      return Object.entries(shape).flatMap(([name, each]) =>
        writeAny(each, (data as Record<string, unknown>)[name]),
      );
    const items = data as readonly unknown[];
    return [number(4, items.length), ...items.flatMap((item) => writeAny(shape[0], item))];
  }
  if (shape !== 'text' && shape !== 'bytes') return [number(Number(shape.slice(1)) / 8, data as number)];
  const size = shape === 'text' ? 2 : 4;
  if (data === null) return [number(size, -1)];
  const content = typeof data === 'string' ? Buffer.from(data) : (data as Buffer);
  return [number(size, content.length), content];
}

function number(size: number, value: number): Buffer {
  const buffer = Buffer.alloc(size);
  if (size === 8) buffer.writeBigInt64BE(BigInt(value));
  else buffer.writeIntBE(value, 0, size);
  return buffer;
}

function isArray(shape: Shape): shape is readonly [Shape] {
  return Array.isArray(shape);
}

const topics = <S extends Shape>(partitions: S) => [{ name: 'text', partitions: [partitions] }] as const;
const failed = { error: 'i16' } as const;
const throttled = { throttleMs: 'i32' } as const;
const member = { group: 'text', generation: 'i32', member: 'text' } as const;
const transaction = { transaction: 'text', producer: 'i64', epoch: 'i16' } as const;

/** A version of each API that all clients know: their numbers, and the shapes of requests and responses. */
export const APIS = {
  produce: {
    key: 0,
    version: 3,
    request: {
      transaction: 'text',
      acks: 'i16',
      timeoutMs: 'i32',
      topics: topics({ partition: 'i32', records: 'bytes' }),
    },
    response: {
      topics: topics({ partition: 'i32', ...failed, offset: 'i64', time: 'i64' }),
      ...throttled,
    },
  },
  fetch: {
    key: 1,
    version: 4,
    request: {
      replica: 'i32',
      waitMs: 'i32',
      minBytes: 'i32',
      maxBytes: 'i32',
      isolation: 'i8',
      topics: topics({ partition: 'i32', offset: 'i64', maxBytes: 'i32' }),
    },
    response: {
      ...throttled,
      topics: topics({
        partition: 'i32',
        ...failed,
        end: 'i64',
        stableEnd: 'i64',
        aborted: [{ producer: 'i64', offset: 'i64' }],
        records: 'bytes',
      }),
    },
  },
  listOffsets: {
    key: 2,
    version: 1,
    request: { replica: 'i32', topics: topics({ partition: 'i32', time: 'i64' }) },
    response: { topics: topics({ partition: 'i32', ...failed, time: 'i64', offset: 'i64' }) },
  },
  metadata: {
    key: 3,
    version: 4,
    request: { topics: ['text'], createsTopics: 'i8' },
    response: {
      ...throttled,
      brokers: [{ id: 'i32', host: 'text', port: 'i32', rack: 'text' }],
      cluster: 'text',
      controller: 'i32',
      topics: [
        {
          ...failed,
          name: 'text',
          isInternal: 'i8',
          partitions: [{ ...failed, partition: 'i32', leader: 'i32', replicas: ['i32'], inSync: ['i32'] }],
        },
      ],
    },
  },
  offsetCommit: {
    key: 8,
    version: 2,
    request: {
      ...member,
      retentionMs: 'i64',
      topics: topics({ partition: 'i32', offset: 'i64', metadata: 'text' }),
    },
    response: { topics: topics({ partition: 'i32', ...failed }) },
  },
  offsetFetch: {
    key: 9,
    version: 1,
    request: { group: 'text', topics: topics('i32') },
    response: { topics: topics({ partition: 'i32', offset: 'i64', metadata: 'text', ...failed }) },
  },
  findCoordinator: {
    key: 10,
    version: 1,
    request: { name: 'text', kind: 'i8' },
    response: { ...throttled, ...failed, message: 'text', id: 'i32', host: 'text', port: 'i32' },
  },
  joinGroup: {
    key: 11,
    version: 1,
    request: {
      group: 'text',
      sessionMs: 'i32',
      rebalanceMs: 'i32',
      member: 'text',
      kind: 'text',
      protocols: [{ name: 'text', metadata: 'bytes' }],
    },
    response: {
      ...failed,
      generation: 'i32',
      protocol: 'text',
      leader: 'text',
      member: 'text',
      members: [{ member: 'text', metadata: 'bytes' }],
    },
  },
  heartbeat: { key: 12, version: 0, request: member, response: failed },
  leaveGroup: { key: 13, version: 0, request: { group: 'text', member: 'text' }, response: failed },
  syncGroup: {
    key: 14,
    version: 0,
    request: { ...member, assignments: [{ member: 'text', assignment: 'bytes' }] },
    response: { ...failed, assignment: 'bytes' },
  },
  initProducer: {
    key: 22,
    version: 0,
    request: { transaction: 'text', timeoutMs: 'i32' },
    response: { ...throttled, ...failed, producer: 'i64', epoch: 'i16' },
  },
  addPartitions: {
    key: 24,
    version: 0,
    request: { ...transaction, topics: topics('i32') },
    response: { ...throttled, topics: topics({ partition: 'i32', ...failed }) },
  },
  endTransaction: {
    key: 26,
    version: 0,
    request: { ...transaction, isCommitted: 'i8' },
    response: { ...throttled, ...failed },
  },
} as const satisfies Record<string, { key: number; version: number; request: Shape; response: Shape }>;

export type ApiName = keyof typeof APIS;
export type RequestOf<Name extends ApiName> = DataOf<(typeof APIS)[Name]['request']>;
export type ResponseOf<Name extends ApiName> = DataOf<(typeof APIS)[Name]['response']>;
