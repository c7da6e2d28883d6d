import { randomUUID } from 'node:crypto';
import type { Message, TestChannel } from './apis.ts';

/** What a reply brought, by its correlation id. */
export type OnReply = (message: Message) => unknown;

/** A client as RPC libraries write it: one reply queue for many calls. */
export interface Client {
  readonly replyTo: string;
  /** Sends a request and gives the reply; `id` is the correlation id. */
  call(queue: string, content: Buffer, options?: object, id?: string): Promise<Message>;
}

/** How replies come back. */
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

/** A server as RPC libraries write it: a promise of the answer, the reply, then the acknowledgement. */
export async function serve(
  channel: TestChannel,
  queue: string,
  answer: (message: Message) => unknown,
): Promise<void> {
  await channel.consume(queue, async (message) => {
    if (message === null) return;
    const { replyTo, correlationId } = message.properties;
    const content = Buffer.from(String(await answer(message)));
    channel.raw.sendToQueue(replyTo!, content, { correlationId });
    channel.raw.ack(message);
  });
}
