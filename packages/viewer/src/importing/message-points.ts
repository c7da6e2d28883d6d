import { setTimeout as sleep } from 'node:timers/promises';
import { loadClient } from './optional-package.ts';
import { MAX_POINT_CHARS } from './osprofiler-point.ts';
import type { StoredPoint } from './point-pairs.ts';
import { PART, type PointStorage, parsePoint, type StorageQuery } from './point-storage.ts';

interface Message {
  readonly content: Buffer;
  readonly fields: { readonly deliveryTag: number };
}

interface Channel {
  prefetch(count: number): Promise<unknown>;
  checkQueue(queue: string): Promise<{ readonly messageCount: number }>;
  assertExchange(exchange: string, type: string, options: object): Promise<unknown>;
  assertQueue(queue: string, options: object): Promise<unknown>;
  bindQueue(queue: string, exchange: string, key: string): Promise<unknown>;
  consume(queue: string, onMessage: (message: Message | null) => void, options: object): Promise<unknown>;
  ack(message: Receipt): void;
  on(event: 'error', listener: () => void): unknown;
  close(): Promise<unknown>;
}

interface Connection {
  createChannel(): Promise<Channel>;
  on(event: 'error', listener: () => void): unknown;
  close(): Promise<unknown>;
}

interface Amqplib {
  connect(url: string, options: object): Promise<Connection>;
}

/** What acknowledges a message. */
type Receipt = Pick<Message, 'fields'>;

/** RabbitMQ closes a channel with messages that have been unacknowledged for 30 minutes. */
const MAX_AGE_MS = 10 * 60_000;
const MAX_OPEN = 2000;
/** Incomplete spans occupy it, so it must be larger than their maximum number. */
const PREFETCH = MAX_OPEN + 1000;
const NOT_FOUND = 404;
/** How often to look whether more messages arrive; some may be for another consumer only. */
const [POLL_MS, MAX_POLLS] = [10, 500];

/** Opens the queue to which OSProfiler's driver sends. Rejects if the connection fails or, unless followed, if the queue does not exist. */
export async function openMessaging(url: URL, query: StorageQuery): Promise<PointStorage<Receipt>> {
  const { connect } = loadClient('amqp', 'amqplib') as Amqplib;
  const connection = await connect(url.href, { timeout: 5000 });
  // Requests reject as well.
  connection.on('error', () => {});
  try {
    const points = new MessagePoints(connection, await openQueue(connection, query), query.queue);
    await points.start();
    return points;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** A missing queue is declared as oslo.messaging does, so that messages are kept from now on. */
async function openQueue(
  connection: Connection,
  { queue, exchange, follow }: StorageQuery,
): Promise<Channel> {
  const channel = await openChannel(connection);
  try {
    await channel.checkQueue(queue);
    return channel;
  } catch (error) {
    if ((error as { code?: unknown }).code !== NOT_FOUND) throw error;
    if (!follow) throw new Error(`no queue "${queue}"`);
  }
  // The broker has closed the first one.
  const another = await openChannel(connection);
  await another.assertExchange(exchange, 'topic', { durable: false, autoDelete: false });
  await another.assertQueue(queue, { durable: false });
  await another.bindQueue(queue, exchange, queue);
  return another;
}

async function openChannel(connection: Connection): Promise<Channel> {
  const channel = await connection.createChannel();
  channel.on('error', () => {});
  return channel;
}

class MessagePoints implements PointStorage<Receipt> {
  readonly limits = { maxAgeMs: MAX_AGE_MS, maxOpen: MAX_OPEN };
  readonly #connection: Connection;
  readonly #channel: Channel;
  readonly #queue: string;
  readonly #received: StoredPoint<Receipt>[] = [];
  #isCancelled = false;

  constructor(connection: Connection, channel: Channel, queue: string) {
    this.#connection = connection;
    this.#channel = channel;
    this.#queue = queue;
  }

  async start(): Promise<void> {
    await this.#channel.prefetch(PREFETCH);
    const onMessage = (message: Message | null) => {
      if (message === null) this.#isCancelled = true;
      else this.#received.push(stored(message));
    };
    await this.#channel.consume(this.#queue, onMessage, { noAck: false });
  }

  async *points(): AsyncGenerator<StoredPoint<Receipt>[]> {
    do {
      while (this.#received.length > 0) yield this.#received.splice(0, PART);
    } while (await this.#hasMore());
  }

  settle(receipts: readonly Receipt[]): void {
    for (const receipt of receipts) this.#channel.ack(receipt);
  }

  /** Messages that have not been settled return to the queue. */
  async close(): Promise<void> {
    await this.#channel.close().catch(() => {});
    await this.#connection.close().catch(() => {});
  }

  /** Waits until a message arrives or the queue is empty. */
  async #hasMore(): Promise<boolean> {
    // The broker may respond before it sends the last messages, but these arrive before its next response.
    let emptyResponses = 0;
    for (let poll = 0; poll < MAX_POLLS && emptyResponses < 2; poll++) {
      const { messageCount } = await this.#channel.checkQueue(this.#queue);
      if (this.#isCancelled) throw new Error(`the queue "${this.#queue}" has been deleted`);
      if (this.#received.length > 0) return true;
      if (messageCount === 0) emptyResponses++;
      else await sleep(POLL_MS);
    }
    return false;
  }
}

function stored({ content, fields }: Message): StoredPoint<Receipt> {
  const chars = content.length;
  const point = chars > MAX_POINT_CHARS ? undefined : parsePoint(content.toString(), payloadIn);
  return { ...(point !== undefined && { point }), chars, receipt: { fields } };
}

/** The point in a notification, which may be in the envelope of oslo.messaging's second version. */
function payloadIn(json: unknown): unknown {
  const body = json as { readonly 'oslo.message'?: unknown; readonly payload?: unknown } | null;
  const text = body?.['oslo.message'];
  return typeof text === 'string' ? payloadIn(JSON.parse(text)) : body?.payload;
}
