/** The parts of the library's own objects that the plugin reads. */
export interface Message {
  readonly key?: unknown;
  readonly value?: unknown;
  readonly headers?: Headers | undefined;
}

/** Headers of a message. Those of a delivered message are buffers; a repeated header is an array of them. */
export type Headers = Readonly<Record<string, unknown>>;

/** What `send` takes. */
export interface ProducerRecord {
  readonly topic: string;
  readonly messages: readonly Message[];
}

/** What `sendBatch` takes. */
export interface ProducerBatch {
  readonly topicMessages: readonly ProducerRecord[];
}

/** Where the broker has stored the messages of one partition. */
export interface RecordMetadata {
  readonly topicName: string;
  readonly partition?: number;
  readonly baseOffset?: string;
}

export interface DeliveredMessage extends Message {
  readonly offset: string;
}

export interface EachMessagePayload {
  readonly topic: string;
  readonly partition: number;
  readonly message: DeliveredMessage;
}

export interface EachBatchPayload {
  readonly batch: {
    readonly topic: string;
    readonly partition: number;
    readonly messages: readonly DeliveredMessage[];
  };
}

/** The properties that kafkajs reads from each kind of object. An object of a class may inherit them. */
export const READ = {
  message: ['key', 'value', 'partition', 'timestamp'],
  record: ['topic', 'acks', 'timeout', 'compression'],
  batch: ['acks', 'timeout', 'compression'],
  run: [
    'autoCommit',
    'autoCommitInterval',
    'autoCommitThreshold',
    'eachBatchAutoResolve',
    'partitionsConsumedConcurrently',
    'eachBatch',
    'eachMessage',
  ],
} as const;

/**
 * Copies an object of the application, with changes. Also copies what kafkajs reads and the object inherits or computes,
 * and keeps the class: a partitioner of the application may call methods of its messages.
 */
export function copyOf<T extends object>(
  original: T,
  read: readonly string[],
  changes: Record<string, unknown>,
): T {
  const prototype: object | null = Object.getPrototypeOf(original);
  if (prototype === Object.prototype) return { ...original, ...changes };
  const values = Object.fromEntries(
    read.filter((name) => name in original).map((name) => [name, Reflect.get(original, name)]),
  );
  const copy = Object.create(
    prototype,
    Object.getOwnPropertyDescriptors({ ...original, ...values, ...changes }),
  );
  return copy as T;
}
