import { randomUUID } from 'node:crypto';
import type { Message, TestChannel } from './apis.ts';

/** Called with each reply. */
export type OnReply = (message: Message) => unknown;

/** A client as RPC libraries write it: one reply queue for many calls. */
export interface Client {
  readonly replyTo: string;
  /** Sends a request, and returns the reply; `id` is the correlation id. */
  call(queue: string, content: Buffer, options?: object, id?: string): Promise<Message>;
}

/** The kind of queue for replies. */
export type Way = 'direct' | 'exclusive' | 'shared';

export async function createClient(
  channel: TestChannel,
  way: Way,
  onReply: OnReply = () => {},
  listenOn: TestChannel = channel,
): Promise<Client> {
  const pending = new Map<string, (message: Message) => void>();
  const replyTo =
    way === 'direct'
      ? 'amq.rabbitmq.reply-to'
      : way === 'exclusive'
        ? await listenOn.queue()
        : await listenOn.queue(`clew.replies.${randomUUID()}`, { exclusive: false, autoDelete: true });
  const handler = (message: Message | null) => {
    if (message === null) return;
    onReply(message);
    pending.get(message.properties.correlationId ?? '')?.(message);
  };
  await listenOn.consume(replyTo, handler, { noAck: true });
  return {
    replyTo,
    call(queue, content, options = {}, id = randomUUID()) {
      return new Promise((resolve) => {
        pending.set(id, resolve);
        channel.raw.sendToQueue(queue, content, { ...options, replyTo, correlationId: id });
      });
    },
  };
}

/** A server as RPC libraries write it: it awaits the result, replies, and then acknowledges the request. */
export async function serve(
  channel: TestChannel,
  queue: string,
  handle: (message: Message) => unknown,
): Promise<void> {
  await channel.consume(queue, async (message) => {
    if (message === null) return;
    const { replyTo, correlationId } = message.properties;
    const content = Buffer.from(String(await handle(message)));
    channel.raw.sendToQueue(replyTo!, content, { correlationId });
    channel.raw.ack(message);
  });
}
