import type { Buffer } from 'node:buffer';
import {
  type AmqpHeaders,
  type CarrierWriter,
  carriers,
  type EnvelopeReading,
  type RpcEnvelope,
} from '@clew/core';
import {
  ATTR,
  type MessagingAction,
  type MessagingPluginOptions,
  type MessagingView,
  type OptionsOf,
  type RpcCorrelation,
  readEnvelope,
  type Tools,
} from '@clew/core/plugin';
import type { Span } from '@opentelemetry/api';
import type { Message, MethodFields, Properties } from './amqplib.ts';
import { availableHeaderBytes } from './available-header-bytes.ts';
import type { ChannelNotes } from './channel-notes.ts';
import { tableOf } from './header-table.ts';
import { confirmInfo, endInfo, type hookOptions, type PublishInfo } from './hooks.ts';
import { RABBITMQ } from './rabbitmq-attributes.ts';

type Read = { readonly system: string; readonly reading: EnvelopeReading } | undefined;

/** A message on its way out. */
export interface Outbound {
  readonly notes: ChannelNotes;
  readonly fields: MethodFields;
  readonly properties: Properties;
  content: Buffer;
  read: Read;
}

/** A delivery, or a message that came back. */
export interface Inbound {
  readonly notes: ChannelNotes;
  readonly message: Message;
  readonly queue: string;
  read: Read;
}

export type ViewOptions = OptionsOf<typeof hookOptions> &
  MessagingPluginOptions & { readonly envelopes: readonly RpcEnvelope[] | undefined };

export type AmqplibView = MessagingView<Outbound, Inbound, AmqpHeaders>;

/** amqplib's messages, for the templates. */
export function channelView(tools: Tools<ViewOptions>): AmqplibView {
  const read = (content: unknown, properties: Properties, fields: MethodFields): Read => {
    const { envelopes } = tools.options;
    if (envelopes === undefined) return undefined;
    const { contentType, correlationId, replyTo, type, expiration } = properties;
    const { exchange, routingKey } = fields;
    return readEnvelope(envelopes, content, {
      exchange,
      routingKey,
      contentType,
      correlationId,
      replyTo,
      type,
      expiration,
    });
  };

  return {
    getter: carriers.amqpHeadersGetter,
    headers: ({ message }) => message.properties.headers,
    // Of a fetched message this is there before the message is.
    identity: ({ message }) => message.fields,
    queue: ({ queue }) => queue,

    writer: headersWriter,
    availableHeaderBytes: ({ notes, properties }) => availableHeaderBytes(notes.channel, properties),

    sending(message) {
      const { notes, fields } = message;
      if (isCast(message)) return callOf(message, fields);
      return notes.actions.publish(fields.exchange ?? '', fields.routingKey ?? '');
    },

    processing(delivery) {
      const { notes, message, queue } = delivery;
      const { exchange = '', routingKey = '' } = message.fields;
      if (isCast(delivery)) return callOf(delivery, message.fields);
      return notes.actions.process(exchange, routingKey, queue);
    },

    receiving({ notes, message, queue }) {
      const { exchange = '', routingKey = '' } = message.fields;
      return notes.actions.receive(exchange, routingKey, queue);
    },

    describeSent: (span, { properties, content }) => describe(span, properties, content, tools.options),
    describeDelivery: (span, { message }) => describeDelivery(span, message, tools.options),

    extractBeside: (context, { read }) => read?.reading.extract?.(context) ?? context,
    injectBeside(context, message) {
      message.content = message.read?.reading.inject?.(context) ?? message.content;
    },

    onSend(span, message) {
      const { publishHook } = tools.options;
      if (publishHook) tools.callHook(publishHook, span, infoOf(message));
    },
    onSent(span, message, reason) {
      const { publishConfirmHook } = tools.options;
      if (publishConfirmHook && message.notes.confirms)
        tools.callHook(publishConfirmHook, span, confirmInfo(infoOf(message), reason));
    },
    onProcess(span, { message }) {
      const { consumeHook } = tools.options;
      if (consumeHook) tools.callHook(consumeHook, span, { msg: message });
    },
    onProcessed(span, { message }, ending) {
      const { consumeEndHook } = tools.options;
      if (consumeEndHook) tools.callHook(consumeEndHook, span, endInfo(message, ending));
    },

    rpc: {
      sent(message) {
        const { notes, properties, fields } = message;
        message.read = read(message.content, properties, fields);
        const { correlationId, replyTo } = properties;
        return markOf(
          message.read,
          correlationId,
          replyTo && notes.address(replyTo),
          fields.routingKey ?? '',
        );
      },
      delivered(delivery) {
        const { notes, message, queue } = delivery;
        const { properties, fields, content } = message;
        delivery.read = read(content, properties, fields);
        const { exchange, routingKey = '' } = fields;
        const direct = notes.address(queue);
        const address = direct !== queue ? direct : exchange === '' ? routingKey : queue;
        const { correlationId, replyTo } = properties;
        return markOf(delivery.read, correlationId, replyTo && notes.address(replyTo), address);
      },
      calling: (sent) => callOf(sent, sent.fields, sent.properties.type),
      serving: (delivery) => callOf(delivery, delivery.message.fields, delivery.message.properties.type),
    },
  };
}

/** The table is amqplib's own object; the application's headers are its prototype. */
const headersWriter: CarrierWriter<Outbound> = {
  set({ properties }, name, value) {
    const table = tableOf(properties.headers);
    properties.headers = table;
    carriers.amqpHeadersWriter.set(table, name, value);
  },
  isEmpty: ({ properties: { headers } }) =>
    headers == null || carriers.amqpHeadersWriter.isEmpty?.(headers) === true,
  has: ({ properties: { headers } }, name) =>
    headers != null && carriers.amqpHeadersWriter.has(headers, name),
  remove({ properties: { headers } }, name) {
    if (headers != null) carriers.amqpHeadersWriter.remove(headers, name);
  },
  names: ({ properties: { headers } }) => (headers == null ? [] : carriers.amqpHeadersWriter.names(headers)),
};

/** The properties say that a message belongs to a call, or the envelope does. */
function markOf(
  read: Read,
  correlationId: string | undefined,
  replyTo: string | undefined,
  address: string,
): RpcCorrelation | undefined {
  const reading = read?.reading;
  const id = reading?.id ?? correlationId;
  if (id === undefined) return undefined;
  if (reading?.kind === 'reply') return { id, address, failure: reading.failure, more: reading.more };
  if (reading !== undefined && reading.kind !== 'call') return undefined;
  const mark = { id, replyTo: reading?.replyTo ?? replyTo, address };
  if (reading === undefined) return mark;
  const { timeoutMs, silenceTimeoutMs } = reading;
  return { ...mark, timeoutMs, silenceTimeoutMs };
}

/** A request that nobody answers is a message, named by what it calls. */
function isCast({ read }: Outbound | Inbound): boolean {
  return read !== undefined && (read.reading.kind === 'cast' || read.reading.kind === 'fanout');
}

/** What is called: the envelope knows, else the message's type says, else it is where the request goes. */
function callOf({ notes, read }: Outbound | Inbound, fields: MethodFields, type?: string): MessagingAction {
  const { exchange = '', routingKey = '' } = fields;
  const reading = read?.reading;
  const request = reading === undefined || reading.kind === 'reply' ? undefined : reading;
  const method = request?.method ?? type;
  if (!method) return notes.actions.plainCall(exchange, routingKey);
  return notes.actions.call(read?.system, request?.kind ?? 'call', method, exchange, routingKey);
}

function describe(span: Span, properties: Properties, content: unknown, options: ViewOptions): void {
  const { messageId, correlationId } = properties;
  if (messageId !== undefined) span.setAttribute(ATTR.messagingMessageId, messageId);
  if (correlationId !== undefined) span.setAttribute(ATTR.messagingMessageConversationId, correlationId);
  if (options.messageBodySize && ArrayBuffer.isView(content))
    span.setAttribute(ATTR.messagingMessageBodySize, content.byteLength);
}

function describeDelivery(span: Span, message: Message, options: ViewOptions): void {
  const { fields, properties, content } = message;
  const { deliveryTag } = fields;
  if (deliveryTag !== undefined) span.setAttribute(RABBITMQ.deliveryTag, deliveryTag);
  if (fields.redelivered === true) span.setAttribute(ATTR.messagingRedelivered, true);
  describe(span, properties, content, options);
  const deaths: unknown = properties.headers?.['x-death'];
  if (Array.isArray(deaths)) describeDeath(span, deaths[0]);
}

/** The newest entry comes first. Source: https://www.rabbitmq.com/docs/dlx#effects */
function describeDeath(span: Span, death: unknown): void {
  if (typeof death !== 'object' || death === null) return;
  const { count, reason, queue } = death as Record<string, unknown>;
  if (typeof count === 'number') span.setAttribute(RABBITMQ.deadLetterCount, count);
  if (typeof reason === 'string') span.setAttribute(RABBITMQ.deadLetterReason, reason);
  if (typeof queue === 'string') span.setAttribute(RABBITMQ.deadLetterQueue, queue);
}

function infoOf({ notes, fields, properties, content }: Outbound): PublishInfo {
  const { exchange = '', routingKey = '' } = fields;
  return { exchange, routingKey, content, options: properties, isConfirmChannel: notes.confirms };
}
