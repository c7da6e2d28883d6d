import { Buffer } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { originals } from '@clew/core/internal';
import type { ClientLibrary } from './client-library.ts';
import type { Point } from './point.ts';
import { CONNECT_TIMEOUT_MS, type PointConnection } from './point-store.ts';

interface Channel {
  on(event: 'error' | 'close', listener: () => void): void;
  assertExchange(name: string, type: string, options: object): Promise<unknown>;
  assertQueue(name: string, options: object): Promise<unknown>;
  bindQueue(queue: string, exchange: string, key: string): Promise<unknown>;
  publish(exchange: string, key: string, content: Buffer, options: object): boolean;
  waitForConfirms(): Promise<void>;
  close(): Promise<unknown>;
}

interface Connection {
  readonly connection: { readonly stream: { unref(): void } };
  on(event: 'error' | 'close', listener: () => void): void;
  createConfirmChannel(): Promise<Channel>;
  close(): Promise<void>;
}

interface AmqplibLibrary {
  connect(url: string, options: object): Promise<Connection>;
}

/** oslo.messaging's default exchange, and the queue of the topic `profiler` with the priority `info`. */
const EXCHANGE = 'openstack';
const QUEUE = 'profiler.info';
const PRECONDITION_FAILED = 406;
/** The broker's limit. */
const MAX_EXPIRATION_MS = 2 ** 32 - 1;

/** Opens a connection to a broker with `amqplib`. Points are sent as notifications of oslo.messaging. */
export async function openAmqp(
  library: ClientLibrary,
  url: string,
  expireSeconds: number,
): Promise<PointConnection> {
  const { connect } = library.load() as AmqplibLibrary;
  // The timers of heartbeats would keep the process alive.
  const address = `${url}${url.includes('?') ? '&' : '?'}heartbeat=0`;
  const connection = await connect(address, { timeout: CONNECT_TIMEOUT_MS });
  connection.connection.stream.unref();
  const expiration = String(Math.min(expireSeconds * 1000, MAX_EXPIRATION_MS));
  let isOpen = true;
  const ended = () => {
    isOpen = false;
  };
  connection.on('error', ended);
  connection.on('close', ended);
  const close = () => void connection.close().catch(() => {});
  try {
    const channel = await declaredChannel(connection, ended);
    return {
      isOpen: () => isOpen,
      close,
      write: async (points) => {
        for (const point of points)
          channel.publish(EXCHANGE, QUEUE, notificationOf(point), {
            contentType: 'application/json',
            contentEncoding: 'utf-8',
            persistent: true,
            priority: 0,
            expiration,
          });
        await channel.waitForConfirms();
        return 0;
      },
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** Declares the exchange and the queue as oslo.messaging does. If they exist with other settings, they are used as they are. */
async function declaredChannel(connection: Connection, ended: () => void): Promise<Channel> {
  const options = { durable: false, autoDelete: false };
  const declarations: readonly ((channel: Channel) => Promise<unknown>)[] = [
    (channel) => channel.assertExchange(EXCHANGE, 'topic', options),
    (channel) => channel.assertQueue(QUEUE, options),
    (channel) => channel.bindQueue(QUEUE, EXCHANGE, QUEUE),
  ];
  for (const declare of declarations) {
    // The broker closes a channel on which a declaration has failed.
    const channel = await connection.createConfirmChannel();
    channel.on('error', () => {});
    try {
      await declare(channel);
      await channel.close();
    } catch (error) {
      if ((error as { readonly code?: unknown }).code !== PRECONDITION_FAILED) throw error;
    }
  }
  const channel = await connection.createConfirmChannel();
  channel.on('error', ended);
  channel.on('close', ended);
  return channel;
}

/** A notification without an envelope, as from the driver `messaging`. */
function notificationOf(point: Point): Buffer {
  const notification = {
    message_id: randomUUID(),
    publisher_id: point.info.host,
    event_type: `profiler.${point.service ?? 'None'}`,
    priority: 'INFO',
    payload: point,
    timestamp: originals.isoTime(originals.wallNow()).slice(0, 23).replace('T', ' '),
    _unique_id: randomUUID().replaceAll('-', ''),
  };
  return Buffer.from(JSON.stringify(notification));
}
