import { randomBytes } from 'node:crypto';
import type { Message, TestChannel } from '../amqplib/apis.ts';

/** oslo.messaging's default exchange. */
const EXCHANGE = 'openstack';

const hexId = () => randomBytes(16).toString('hex');

function envelope(message: object): Buffer {
  const text = JSON.stringify({ ...message, _unique_id: hexId() });
  return Buffer.from(JSON.stringify({ 'oslo.version': '2.0', 'oslo.message': text }));
}

function open(content: Buffer): Record<string, unknown> {
  return JSON.parse(JSON.parse(content.toString())['oslo.message']);
}

const properties = {
  contentType: 'application/json',
  contentEncoding: 'utf-8',
  deliveryMode: 2,
  priority: 0,
};

/** The timeouts of a caller, in seconds as in oslo.messaging: in total, and for a heartbeat of the server. */
export interface OsloTimes {
  readonly timeout?: number;
  readonly callMonitorTimeout?: number;
}

/** A client of oslo.messaging's servers. */
export interface OsloClient {
  call(topic: string, method: string, args: object, times?: OsloTimes): Promise<unknown>;
  cast(topic: string, method: string, args: object): void;
  fanout(topic: string, method: string, args: object): void;
}

export async function osloClient(channel: TestChannel): Promise<OsloClient> {
  const replyQueue = await channel.queue(`reply_${hexId()}`);
  const waiting = new Map<string, (reply: Record<string, unknown>) => void>();
  const onReply = (message: Message | null) => {
    if (message === null) return;
    channel.raw.ack(message);
    const reply = open(message.content);
    if (reply.ending) waiting.get(String(reply._msg_id))?.(reply);
  };
  await channel.consume(replyQueue, onReply);
  return {
    async call(topic, method, args, { timeout, callMonitorTimeout } = {}) {
      const id = hexId();
      const request = {
        method,
        args,
        _msg_id: id,
        _reply_q: replyQueue,
        _timeout: callMonitorTimeout ?? null,
        _context_user: 'demo',
      };
      const reply = await new Promise<Record<string, unknown>>((resolve, reject) => {
        waiting.set(id, resolve);
        const expiration = timeout === undefined ? {} : { expiration: String(timeout * 1000) };
        channel.raw.publish(EXCHANGE, topic, envelope(request), { ...properties, ...expiration });
        const timeOut = () => reject(new Error(`Timed out waiting for a reply to message ID ${id}.`));
        if (timeout !== undefined) setTimeout(timeOut, timeout * 1000).unref();
      });
      if (typeof reply.failure === 'string') throw new Error(JSON.parse(reply.failure).message);
      return reply.result;
    },
    cast: (topic, method, args) => {
      channel.raw.publish(EXCHANGE, topic, envelope({ method, args }), properties);
    },
    fanout: (topic, method, args) => {
      channel.raw.publish(`${topic}_fanout`, '', envelope({ method, args }), properties);
    },
  };
}

export type Endpoint = (args: Record<string, never>) => unknown;

/** A server for oslo.messaging's clients. */
export async function osloServer(
  channel: TestChannel,
  topic: string,
  endpoints: Readonly<Record<string, Endpoint>>,
): Promise<void> {
  await channel.ask('assertExchange', EXCHANGE, 'topic', { durable: false });
  const queue = await channel.queue(topic, { durable: false });
  await channel.ask('bindQueue', queue, EXCHANGE, topic, {});
  await channel.consume(queue, async (message) => {
    if (message === null) return;
    channel.raw.ack(message);
    const { method, args, _msg_id: id, _reply_q: replyQueue } = open(message.content);
    const reply = await call(endpoints[String(method)], args as Record<string, never>);
    if (typeof replyQueue !== 'string') return;
    channel.raw.sendToQueue(replyQueue, envelope({ ...reply, ending: true, _msg_id: id }), properties);
  });
}

async function call(endpoint: Endpoint | undefined, args: Record<string, never>): Promise<object> {
  try {
    return { result: await endpoint?.(args), failure: null };
  } catch (error) {
    const { name, message } = error as Error;
    const failure = { class: name, module: 'shop.errors', message, tb: [], args: [message], kwargs: {} };
    return { result: null, failure: JSON.stringify(failure) };
  }
}
