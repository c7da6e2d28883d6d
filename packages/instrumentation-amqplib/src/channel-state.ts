import { type MessageChannel, messaging, type Tools } from '@clew/core/plugin';
import type { Attributes, Context } from '@opentelemetry/api';
import { type Actions, actionsOf } from './actions.ts';
import { type Channel, DIRECT_REPLY_TO } from './amqplib.ts';
import { channelView, type Inbound, type Outbound, type ViewOptions } from './channel-view.ts';

export type AmqplibTools = Tools<ViewOptions>;

type Messages = MessageChannel<Outbound, Inbound, unknown>;

/** The state of one channel of amqplib. */
export class ChannelState {
  readonly channel: Channel;
  readonly messages: Messages;
  readonly actions: Actions;
  readonly server: Attributes;
  /** By consumer tag. */
  readonly consumers = new Map<string, { readonly queue: string; readonly noAck: boolean }>();
  /** The queue that an empty name refers to. */
  lastQueue = '';
  confirms = false;
  /** The context in which the last message was sent: there, the reason is recorded why the broker closed the channel. */
  lastSent: Context | undefined;
  /** Whether a failed call has recorded why the channel closes. */
  failed = false;
  /** The error of the channel or its connection, before the channel is closed. */
  closeReason: string | undefined;
  closedByApplication = false;
  /** The address of direct replies, which are delivered on the channel of the request: their queue name is always the same. */
  readonly #directReplies: string;

  constructor(channel: Channel, messages: Messages, actions: Actions, number: number) {
    const { stream } = channel.connection;
    this.channel = channel;
    this.messages = messages;
    this.actions = actions;
    // From the socket, never from the URL, which contains credentials.
    const host = stream?._host ?? (stream?.servername || undefined) ?? stream?.remoteAddress;
    this.server = messaging.serverAttributes(host, stream?.remotePort);
    this.#directReplies = `${DIRECT_REPLY_TO}#${number}`;
  }

  /** A consumer was started. */
  addConsumer(consumerTag: string, queue: string, noAck: boolean): void {
    this.consumers.set(consumerTag, { queue, noAck });
    this.messages.listen(this.address(queue));
  }

  /** A consumer was cancelled, by the application or, with its queue, by the broker. */
  removeConsumer(consumerTag: string): void {
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

/** The channels that an instance of the plugin traces. */
export class Channels {
  readonly tools: AmqplibTools;
  readonly actions: Actions;
  readonly newMessages: () => Messages;
  readonly #states = new WeakMap<Channel, ChannelState>();
  #count = 0;

  constructor(tools: AmqplibTools) {
    this.tools = tools;
    this.actions = actionsOf(tools);
    this.newMessages = messaging.channels(tools, channelView(tools)) as () => Messages;
  }

  of(channel: Channel): ChannelState {
    let state = this.#states.get(channel);
    if (state === undefined) {
      state = new ChannelState(channel, this.newMessages(), this.actions, ++this.#count);
      this.#states.set(channel, state);
    }
    return state;
  }
}
