import { Buffer } from 'node:buffer';
import { guard, type MessageChannel, type MessagingOptions, messaging, type Tools } from '@clew/core/plugin';
import { type HeadersFactory, isServersOwn, type Msg, type Protocol, type PublishOptions } from './nats.ts';
import { type Inbound, type NatsConnection, natsView, type Outbound } from './nats-view.ts';

export type NatsTools = Tools<MessagingOptions>;

/** The connections that an instance of the plugin traces. */
export class Connections {
  readonly tools: NatsTools;
  /** Creates empty headers; known once the library is loaded. */
  newHeaders: HeadersFactory | undefined;
  /** Whether the plugin is enabled: the callbacks that it has wrapped stay in place after `disable()`. */
  isActive = false;
  #connections = new WeakMap<Protocol, NatsConnection>();
  #newChannel!: () => MessageChannel<Outbound, Inbound, Msg['headers']>;
  readonly #tags = new WeakMap<Msg, number>();
  #lastTag = 0;

  constructor(tools: NatsTools) {
    this.tools = tools;
  }

  /** Starts to trace with a new template: `disable()` has stopped the one before. */
  enable(): void {
    this.#connections = new WeakMap();
    this.#newChannel = messaging.channels(
      this.tools,
      natsView(this.tools, () => this.newHeaders),
    );
    this.isActive = true;
    this.tools.onDisable(() => {
      this.isActive = false;
    });
  }

  of(protocol: Protocol): NatsConnection {
    let connection = this.#connections.get(protocol);
    if (connection === undefined) {
      const messages = this.#newChannel();
      connection = { protocol, messages };
      this.#connections.set(protocol, connection);
      const close = () => messages.close({ type: 'connection_closed', message: 'the connection closed' });
      protocol.closed?.then(close, close);
    }
    return connection;
  }

  /** A message that is about to be sent; `undefined` if it is not traced. */
  outbound(
    protocol: Protocol,
    subject: string,
    data: unknown,
    options: PublishOptions | undefined,
    reply?: string,
  ): Outbound | undefined {
    if (isServersOwn(subject)) return undefined;
    return guard(`${this.tools.name}: sending`, () => {
      const connection = this.of(protocol);
      return { connection, subject, data, reply, headers: options?.headers, isCopy: false };
    });
  }

  /** Numbers a message that will be settled. */
  newTag(msg: Msg): void {
    this.#tags.set(msg, ++this.#lastTag);
  }

  /** The number of a message that must be settled. */
  tagOf(msg: Msg): number | undefined {
    return this.#tags.get(msg);
  }

  /** Calls the application with a delivery, or with anything else that is not traced. */
  process<T>(delivery: Inbound | undefined, handle: () => T): T {
    if (delivery === undefined) return handle();
    return delivery.connection.messages.process(delivery, this.tagOf(delivery.msg), handle);
  }

  /**
   * Reports an acknowledgement by its first word.
   * Source: https://docs.nats.io/using-nats/developer/develop_jetstream/consumers#acknowledging-messages
   */
  settle(msg: Msg, payload?: unknown): void {
    const tag = this.tagOf(msg);
    if (tag === undefined) return;
    const { messages } = this.of(msg.publisher);
    const word = payload instanceof Uint8Array ? Buffer.from(payload.subarray(0, 4)).toString() : payload;
    if (word === '+WPI') messages.postpone(tag, 'working');
    else messages.settle(tag, false, word === '-NAK' ? 'nak' : word === '+TER' ? 'term' : 'ack');
  }
}
