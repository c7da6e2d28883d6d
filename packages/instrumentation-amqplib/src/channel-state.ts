import { ATTR, type MessageChannel, type NamingTools } from '@clew/core/plugin';
import type { Attributes, Context } from '@opentelemetry/api';
import { MessagingActions } from './actions.ts';
import { type Channel, DIRECT_REPLY_TO } from './amqplib.ts';
import type { Inbound, Outbound } from './channel-view.ts';

/** What is known of one channel of amqplib. */
export class ChannelNotes {
  readonly channel: Channel;
  readonly messages: MessageChannel<Outbound, Inbound, unknown>;
  readonly actions: MessagingActions;
  /** By consumer tag. */
  readonly consumers = new Map<string, { readonly queue: string; readonly noAck: boolean }>();
  /** The queue that an empty name stands for. */
  lastQueue = '';
  confirms = false;
  /** Where the last message was sent: the place to record why the broker closed the channel. */
  lastSent: Context | undefined;
  /** Whether a failed call has said already why the channel closes. */
  failed = false;
  /** What the application or the connection hears of the channel's end, before the channel is closed. */
  closeReason: string | undefined;
  closedByApplication = false;
  /** Direct replies come in on the channel that asks: their common name is no address. */
  readonly #directReplies: string;

  constructor(
    channel: Channel,
    messages: MessageChannel<Outbound, Inbound, unknown>,
    number: number,
    tools: NamingTools,
  ) {
    this.channel = channel;
    this.messages = messages;
    this.actions = operationsOf(channel, tools);
    this.#directReplies = `${DIRECT_REPLY_TO}#${number}`;
  }

  /** A consumer begins. */
  consuming(consumerTag: string, queue: string, noAck: boolean): void {
    this.consumers.set(consumerTag, { queue, noAck });
    this.messages.listen(this.address(queue));
  }

  /** A consumer is cancelled, by the application or, with its queue, by the broker. */
  cancelled(consumerTag: string): void {
    const consumer = this.consumers.get(consumerTag);
    if (consumer === undefined) return;
    this.consumers.delete(consumerTag);
    for (const { queue } of this.consumers.values()) if (queue === consumer.queue) return;
    this.messages.unlisten(this.address(consumer.queue));
  }

  address(replyTo: string): string {
    return replyTo === DIRECT_REPLY_TO ? this.#directReplies : replyTo;
  }
}

const actions = new WeakMap<object, MessagingActions>();

function operationsOf({ connection }: Channel, tools: NamingTools): MessagingActions {
  let known = actions.get(connection);
  // Another instance of the plugin has other options.
  if (known?.tools !== tools) {
    known = new MessagingActions(serverOf(connection.stream), tools);
    actions.set(connection, known);
  }
  return known;
}

/** From the socket, never from the URL: there the credentials stand. */
function serverOf(stream: Channel['connection']['stream'] | undefined): Attributes {
  const address = stream?._host ?? (stream?.servername || undefined) ?? stream?.remoteAddress;
  return {
    ...(address !== undefined && { [ATTR.serverAddress]: address }),
    ...(stream?.remotePort !== undefined && { [ATTR.serverPort]: stream.remotePort }),
  };
}
