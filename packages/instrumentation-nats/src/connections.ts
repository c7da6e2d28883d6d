import {
  guard,
  type MessageChannel,
  type MessagingPluginOptions,
  messaging,
  type Naming,
  namingBy,
  type Tools,
} from '@clew/core/plugin';
import { actionsOf, INBOX } from './actions.ts';
import type { HeadersFactory, Msg, Protocol, PublishOptions } from './nats.ts';
import { type Inbound, type NatsConnection, natsView, type Outbound } from './nats-view.ts';

export type NatsTools = Tools<MessagingPluginOptions>;

/** The connections that one instance of the plugin traces. */
export class Connections {
  readonly tools: NatsTools;
  /** Makes empty headers; known once the library is loaded. */
  newHeaders: HeadersFactory | undefined;
  /** Whether the plugin is enabled: callbacks that it has wrapped stay in place after `disable()`. */
  isActive = true;
  readonly #naming: () => Naming;
  readonly #known = new WeakMap<Protocol, NatsConnection>();
  readonly #newChannel: () => MessageChannel<Outbound, Inbound, Msg['headers']>;
  readonly #tags = new WeakMap<Msg, number>();
  #lastTag = 0;

  constructor(tools: NatsTools) {
    this.tools = tools;
    this.#naming = namingBy(tools, INBOX);
    this.#newChannel = messaging(
      tools,
      natsView(tools, () => this.newHeaders),
    );
  }

  of(protocol: Protocol): NatsConnection {
    const naming = this.#naming();
    const known = this.#known.get(protocol) ?? this.#add(protocol);
    const { actions } = known;
    // A reconnected client may have another server of its cluster.
    if (actions.naming !== naming || actions.server !== protocol.getServer?.())
      known.actions = actionsOf(protocol, naming);
    return known;
  }

  /** A message that is about to be sent; `undefined` if it can't be traced. */
  outbound(
    protocol: Protocol,
    subject: string,
    data: unknown,
    options: PublishOptions | undefined,
  ): Outbound | undefined {
    return guard(`${this.tools.name}: sending`, () => ({
      connection: this.of(protocol),
      subject,
      data,
      reply: options?.reply,
      headers: options?.headers,
      isOwn: false,
    }));
  }

  /** Numbers a message that will be settled. */
  newTag(msg: Msg): void {
    this.#tags.set(msg, ++this.#lastTag);
  }

  /** The number under which a message will be settled, if it must be. */
  tagOf(msg: Msg): number | undefined {
    return this.#tags.get(msg);
  }

  #add(protocol: Protocol): NatsConnection {
    const messages = this.#newChannel();
    const connection = { protocol, messages, actions: actionsOf(protocol, this.#naming()) };
    this.#known.set(protocol, connection);
    const close = () => messages.close({ type: 'connection_closed', message: 'the connection closed' });
    protocol.closed?.then(close, close);
    return connection;
  }
}
