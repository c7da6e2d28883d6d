import { Buffer } from 'node:buffer';
import {
  ATTR,
  type MessageChannel,
  type MessagingOptions,
  type MessagingView,
  type RpcCorrelation,
  type Tools,
} from '@clew/core/plugin';
import { actionsOf, attributesOf } from './actions.ts';
import { headersGetter, headersWriter } from './headers.ts';
import type { HeadersFactory, Msg, MsgHeaders, Protocol } from './nats.ts';

/** A message that is about to be sent. */
export interface Outbound {
  readonly connection: NatsConnection;
  readonly subject: string;
  readonly data: unknown;
  readonly reply: string | undefined;
  headers: MsgHeaders | undefined;
  /** Whether `headers` is a copy. */
  isCopy: boolean;
}

/** A delivered message. */
export interface Inbound {
  readonly connection: NatsConnection;
  readonly msg: Msg;
  /** What was subscribed to, if that has wildcards. */
  readonly pattern: string | undefined;
  readonly group: string | undefined;
  readonly redelivered: boolean;
}

export type NatsView = MessagingView<Outbound, Inbound, MsgHeaders | undefined>;

/** A connection, and the template that traces its messages. */
export interface NatsConnection {
  readonly protocol: Protocol;
  readonly messages: MessageChannel<Outbound, Inbound, MsgHeaders | undefined>;
}

/** The messages of NATS, for the templates. */
export function natsView(
  tools: Tools<MessagingOptions>,
  newHeaders: () => HeadersFactory | undefined,
): NatsView {
  const actions = actionsOf(tools);
  const serverOf = ({ protocol }: NatsConnection) => attributesOf(protocol.getServer?.());
  return {
    getter: headersGetter,
    headers: ({ msg }) => msg.headers,
    identity: ({ msg }) => msg,
    queue: ({ msg }) => msg.subject,
    writer: headersWriter(newHeaders),
    availableHeaderBytes({ connection, data, headers }) {
      const { info } = connection.protocol;
      if (info === undefined || info.headers !== true) return 0;
      return (
        (info.max_payload ?? 0) -
        sizeOf(data) -
        (headers === undefined ? 0 : Buffer.byteLength(String(headers)))
      );
    },
    sending: ({ connection, subject }) => actions().publish(serverOf(connection), subject, subject),
    processing: ({ connection, msg: { subject }, pattern }) =>
      actions().process(serverOf(connection), subject, pattern ?? subject),
    sentBody: ({ data }) => data,
    deliveredBody: ({ msg }) => msg.data,
    describeDelivery(span, { group, redelivered }) {
      if (group !== undefined) span.setAttribute(ATTR.messagingConsumerGroupName, group);
      if (redelivered) span.setAttribute(ATTR.messagingRedelivered, true);
    },
    rpc: {
      sent: ({ subject, reply }) => correlationOf(subject, reply),
      delivered: ({ msg }) => correlationOf(msg.subject, msg.reply),
      calling: ({ connection, subject }) => actions().call(serverOf(connection), subject, subject),
      serving: ({ connection, msg: { subject }, pattern }) =>
        actions().call(serverOf(connection), subject, pattern ?? subject),
      failure: failureOf,
    },
  };
}

/** The inbox pairs a reply with its request. Acknowledgements go to a subject of JetStream's own. */
function correlationOf(subject: string, reply: string | undefined): RpcCorrelation | undefined {
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

function sizeOf(data: unknown): number {
  if (typeof data === 'string') return Buffer.byteLength(data);
  return data instanceof Uint8Array ? data.byteLength : 0;
}
