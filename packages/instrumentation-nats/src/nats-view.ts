import { Buffer } from 'node:buffer';
import {
  ATTR,
  type MessageChannel,
  type MessagingPluginOptions,
  type MessagingView,
  type RpcCorrelation,
  type Tools,
} from '@clew/core/plugin';
import type { Span } from '@opentelemetry/api';
import { type Actions, keyOf } from './actions.ts';
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
  isOwn: boolean;
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

/** One connection: where its messages go, and what their spans are named. */
export interface NatsConnection {
  readonly protocol: Protocol;
  readonly messages: MessageChannel<Outbound, Inbound, MsgHeaders | undefined>;
  actions: Actions;
}

/** The messages of NATS, for the templates. */
export function natsView(
  tools: Tools<MessagingPluginOptions>,
  newHeaders: () => HeadersFactory | undefined,
): NatsView {
  return {
    getter: headersGetter,
    headers: ({ msg }) => msg.headers,
    identity: ({ msg }) => msg,
    queue: ({ msg }) => msg.subject,
    writer: headersWriter(newHeaders),
    availableHeaderBytes({ connection, data, headers }) {
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

function describe(span: Span, data: unknown, { messageBodySize }: MessagingPluginOptions): void {
  if (!messageBodySize) return;
  const bytes = typeof data === 'string' ? Buffer.byteLength(data) : sizeOf(data);
  span.setAttribute(ATTR.messagingMessageBodySize, bytes);
}

function sizeOf(data: unknown): number {
  return data instanceof Uint8Array ? data.byteLength : 0;
}
