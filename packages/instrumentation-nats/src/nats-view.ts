import { Buffer } from 'node:buffer';
import {
  ATTR,
  type CarrierWriter,
  createAction,
  createRpcAction,
  labeller,
  type MessageChannel,
  type MessagingAction,
  type MessagingView,
  matchesAny,
  type Pattern,
  type RpcCorrelation,
  remembered,
  type Tools,
} from '@clew/core/plugin';
import type { Span, TextMapGetter } from '@opentelemetry/api';
import { type HeadersFactory, type Msg, type MsgHeaders, type Protocol, serverOf } from './nats.ts';

const SYSTEM = 'nats';

/** Made by the library for each connection and request. */
const INBOX = /_INBOX\.[\w.]+/;

export interface ViewOptions {
  readonly ignore: readonly Pattern[];
  readonly destinationTemplates: readonly string[];
  readonly messageBodySize: boolean;
}

export interface Outbound {
  readonly connection: NatsConnection;
  readonly subject: string;
  readonly data: unknown;
  readonly reply: string | undefined;
  headers: MsgHeaders | undefined;
  /** Whether `headers` is a copy. */
  isOwn: boolean;
}

export interface Inbound {
  readonly connection: NatsConnection;
  readonly msg: Msg;
  /** What was subscribed to, if that has wildcards. */
  readonly pattern: string | undefined;
  readonly group: string | undefined;
  readonly redelivered: boolean;
}

export type NatsView = MessagingView<Outbound, Inbound, MsgHeaders | undefined>;

/** One connection: where its messages go, and what their spans are named. */
export interface NatsConnection {
  readonly protocol: Protocol;
  readonly messages: MessageChannel<Outbound, Inbound, MsgHeaders | undefined>;
  actions: Actions;
}

export type Actions = ReturnType<typeof actionsOf>;

/** The actions of a connection, each made once. */
export function actionsOf(protocol: Protocol, options: ViewOptions) {
  const label = labeller(INBOX, options.destinationTemplates);
  const server = serverOf(protocol);
  const partsOf = (key: string) => {
    const [destination = '', pattern = destination] = key.split(' ');
    return { destination, label: label(pattern), ignored: matchesAny(options.ignore, destination) };
  };
  const message = (name: 'publish' | 'process', type: 'send' | 'process') =>
    remembered((key: string) => createAction({ system: SYSTEM, name, type, more: server, ...partsOf(key) }));
  return {
    options,
    server: protocol.getServer?.(),
    publish: message('publish', 'send'),
    process: message('process', 'process'),
    call: remembered((key: string): MessagingAction => {
      const { destination, label: method, ignored } = partsOf(key);
      const more = {
        [ATTR.messagingSystem]: SYSTEM,
        [ATTR.messagingDestinationName]: destination,
        ...server,
      };
      return { ...createRpcAction(SYSTEM, 'call', method, more), ignored };
    }),
  };
}

/** A subject never contains a space. */
function keyOf({ msg: { subject }, pattern }: Inbound): string {
  return pattern === undefined ? subject : `${subject} ${pattern}`;
}

/** The messages of NATS, for the templates. */
export function natsView(tools: Tools<ViewOptions>, newHeaders: () => HeadersFactory | undefined): NatsView {
  return {
    getter: headersGetter,
    headers: ({ msg }) => msg.headers,
    identity: ({ msg }) => msg,
    queue: ({ msg }) => msg.subject,
    writer: headersWriter(newHeaders),
    headerRoom({ connection, data, headers }) {
      const { info } = connection.protocol;
      if (info === undefined || info.headers !== true) return 0;
      const bytes = typeof data === 'string' ? Buffer.byteLength(data) : sizeOf(data);
      return (
        (info.max_payload ?? 0) - bytes - (headers === undefined ? 0 : Buffer.byteLength(String(headers)))
      );
    },
    sending: ({ connection, subject }) => connection.actions.publish(subject),
    processing: (delivery) => delivery.connection.actions.process(keyOf(delivery)),
    describeSent: (span, { data }) => describe(span, data, tools.options),
    describeDelivery(span, { msg, group, redelivered }) {
      describe(span, msg.data, tools.options);
      if (group !== undefined) span.setAttribute(ATTR.messagingConsumerGroupName, group);
      if (redelivered) span.setAttribute(ATTR.messagingRedelivered, true);
    },
    rpc: {
      sent: ({ subject, reply }) => markOf(subject, reply),
      delivered: ({ msg }) => markOf(msg.subject, msg.reply),
      calling: ({ connection, subject }) => connection.actions.call(subject),
      serving: (delivery) => delivery.connection.actions.call(keyOf(delivery)),
      failure: failureOf,
    },
  };
}

/** The inbox pairs a reply with its request. Acknowledgements go to a subject of JetStream's own. */
function markOf(subject: string, reply: string | undefined): RpcCorrelation | undefined {
  if (reply === undefined || reply === '' || reply.startsWith('$JS.'))
    return { id: subject, address: subject };
  return { id: reply, replyTo: reply, address: subject };
}

/** nats 2 has codes, `@nats-io/*` 3 classes. */
function failureOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, name, cause } = error as Partial<Record<'code' | 'name' | 'cause', unknown>>;
  if (code === '503' || name === 'NoResponders') return 'no_responders';
  if (code === 'TIMEOUT' || name === 'TimeoutError') return 'timeout';
  return failureOf(cause);
}

function describe(span: Span, data: unknown, { messageBodySize }: ViewOptions): void {
  if (!messageBodySize) return;
  const bytes = typeof data === 'string' ? Buffer.byteLength(data) : sizeOf(data);
  span.setAttribute(ATTR.messagingMessageBodySize, bytes);
}

function sizeOf(data: unknown): number {
  return data instanceof Uint8Array ? data.byteLength : 0;
}

const headersGetter: TextMapGetter<MsgHeaders | undefined> = {
  keys: (headers) => headers?.keys() ?? [],
  get(headers, name) {
    const key = headers?.keys().find((each) => each.toLowerCase() === name);
    const values = key === undefined ? [] : (headers?.values(key) ?? []);
    return values.length > 1 ? values : values[0];
  },
};

/** Writes into a copy: the application's headers may be frozen in use elsewhere. */
function headersWriter(newHeaders: () => HeadersFactory | undefined): CarrierWriter<Outbound> {
  const own = (message: Outbound): MsgHeaders | undefined => {
    if (!message.isOwn) message.headers = copyOf(message.headers, newHeaders());
    message.isOwn = true;
    return message.headers;
  };
  const keysOf = ({ headers }: Outbound, name: string) =>
    headers?.keys().filter((key) => key.toLowerCase() === name) ?? [];
  return {
    isEmpty: ({ headers }) => headers === undefined || headers.keys().length === 0,
    has: (message, name) => keysOf(message, name).length > 0,
    names: ({ headers }) => headers?.keys() ?? [],
    remove(message, name) {
      for (const key of keysOf(message, name.toLowerCase())) own(message)?.delete(key);
    },
    set(message, name, value) {
      for (const key of keysOf(message, name.toLowerCase())) own(message)?.delete(key);
      own(message)?.set(name, value);
    },
  };
}

function copyOf(given: MsgHeaders | undefined, create: HeadersFactory | undefined): MsgHeaders | undefined {
  if (given === undefined) return create?.();
  const Headers = given.constructor as new (code: number, description: string) => MsgHeaders;
  const copy = new Headers(given.code, given.description);
  for (const key of given.keys()) for (const value of given.values(key)) copy.append(key, value);
  return copy;
}
