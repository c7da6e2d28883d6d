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
  type MessagingOptions,
  type MessagingView,
  type OptionsOf,
  type RpcCorrelation,
  rpc,
  type Tools,
} from '@clew/core/plugin';
import type { Span } from '@opentelemetry/api';
import { PLAIN } from './actions.ts';
import type { Message, MethodFields, Properties } from './amqplib.ts';
import { availableHeaderBytes } from './available-header-bytes.ts';
import type { ChannelState } from './channel-state.ts';
import { confirmInfo, endInfo, type hookOptions, type PublishInfo } from './hooks.ts';
import { RABBITMQ } from './rabbitmq-attributes.ts';

type Read = { readonly system: string; readonly reading: EnvelopeReading } | undefined;

/** A message that is being sent. */
export interface Outbound {
  readonly state: ChannelState;
  readonly fields: MethodFields;
  readonly properties: Properties;
  content: Buffer;
  read: Read;
}

/** A delivery, or a message that the broker has returned. */
export interface Inbound {
  readonly state: ChannelState;
  readonly message: Message;
  readonly queue: string;
  read: Read;
}

export type ViewOptions = OptionsOf<typeof hookOptions> &
  MessagingOptions & { readonly envelopes: readonly RpcEnvelope[] | undefined };

export type AmqplibView = MessagingView<Outbound, Inbound, AmqpHeaders>;

/** The messages of amqplib, for the templates. */
export function channelView(tools: Tools<ViewOptions>): AmqplibView {
  const read = (content: unknown, properties: Properties, fields: MethodFields): Read => {
    const { envelopes } = tools.options;
    if (envelopes === undefined) return undefined;
    const { exchange, routingKey } = fields;
    return rpc.readEnvelope(envelopes, content, { ...properties, exchange, routingKey });
  };

  return {
    getter: carriers.amqpHeadersGetter,
    headers: ({ message }) => message.properties.headers,
    identity: ({ message }) => message.fields,
    queue: ({ queue }) => queue,

    writer: headersWriter,
    availableHeaderBytes: ({ state, properties }) => availableHeaderBytes(state.channel, properties),

    sending(message) {
      const { state, fields } = message;
      if (isCast(message)) return callOf(message, fields);
      return state.actions().publish(state.server, fields.exchange ?? '', fields.routingKey ?? '');
    },

    processing(delivery) {
      const { state, message, queue } = delivery;
      const { exchange = '', routingKey = '' } = message.fields;
      if (isCast(delivery)) return callOf(delivery, message.fields);
      return state.actions().process(state.server, exchange, routingKey, queue);
    },

    receiving({ state, message, queue }) {
      const { exchange = '', routingKey = '' } = message.fields;
      return state.actions().receive(state.server, exchange, routingKey, queue);
    },

    sentBody: ({ content }) => content,
    deliveredBody: ({ message }) => message.content,
    describeSent: (span, { properties }) => describe(span, properties),
    describeDelivery,

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
      if (publishConfirmHook && message.state.confirms)
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
        const { state, properties, fields } = message;
        message.read = read(message.content, properties, fields);
        const { correlationId, replyTo } = properties;
        return correlationOf(
          message.read,
          correlationId,
          replyTo && state.address(replyTo),
          fields.routingKey ?? '',
        );
      },
      delivered(delivery) {
        const { state, message, queue } = delivery;
        const { properties, fields, content } = message;
        delivery.read = read(content, properties, fields);
        const { exchange, routingKey = '' } = fields;
        const direct = state.address(queue);
        const address = direct !== queue ? direct : exchange === '' ? routingKey : queue;
        const { correlationId, replyTo } = properties;
        return correlationOf(delivery.read, correlationId, replyTo && state.address(replyTo), address);
      },
      calling: (sent) => callOf(sent, sent.fields, sent.properties.type),
      serving: (delivery) => callOf(delivery, delivery.message.fields, delivery.message.properties.type),
    },
  };
}

/** The table was created by amqplib; the application's headers are its prototype. */
const headersWriter: CarrierWriter<Outbound> = {
  set({ properties }, name, value) {
    properties.headers ??= Object.create(null) as Record<string, unknown>;
    carriers.amqpHeadersWriter.set(properties.headers, name, value);
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

/** The id and the reply address of a call, from the envelope or else from the properties. */
function correlationOf(
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
  const correlation = { id, replyTo: reading?.replyTo ?? replyTo, address };
  if (reading === undefined) return correlation;
  const { timeoutMs, silenceTimeoutMs } = reading;
  return { ...correlation, timeoutMs, silenceTimeoutMs };
}

/** Whether a message is a request without a reply: it is traced as a message that is named after its method. */
function isCast({ read }: Outbound | Inbound): boolean {
  return read !== undefined && (read.reading.kind === 'cast' || read.reading.kind === 'fanout');
}

/** The method is that of the envelope, else the message's type, else the destination. */
function callOf({ state, read }: Outbound | Inbound, fields: MethodFields, type?: string): MessagingAction {
  const { exchange = '', routingKey = '' } = fields;
  const reading = read?.reading;
  const request = reading === undefined || reading.kind === 'reply' ? undefined : reading;
  const method = request?.method ?? type;
  const { call, plainCall } = state.actions();
  if (!method) return plainCall(state.server, exchange, routingKey);
  return call(state.server, exchange, routingKey, method, request?.kind ?? 'call', read?.system ?? PLAIN);
}

function describe(span: Span, { messageId, correlationId }: Properties): void {
  if (messageId !== undefined) span.setAttribute(ATTR.messagingMessageId, messageId);
  if (correlationId !== undefined) span.setAttribute(ATTR.messagingMessageConversationId, correlationId);
}

function describeDelivery(span: Span, { message: { fields, properties } }: Inbound): void {
  const { deliveryTag } = fields;
  if (deliveryTag !== undefined) span.setAttribute(RABBITMQ.deliveryTag, deliveryTag);
  if (fields.redelivered === true) span.setAttribute(ATTR.messagingRedelivered, true);
  describe(span, properties);
  const deaths: unknown = properties.headers?.['x-death'];
  if (Array.isArray(deaths)) describeDeath(span, deaths[0]);
}

/** The first entry is the newest. Source: https://www.rabbitmq.com/docs/dlx#effects */
function describeDeath(span: Span, death: unknown): void {
  if (typeof death !== 'object' || death === null) return;
  const { count, reason, queue } = death as Record<string, unknown>;
  if (typeof count === 'number') span.setAttribute(RABBITMQ.deadLetterCount, count);
  if (typeof reason === 'string') span.setAttribute(RABBITMQ.deadLetterReason, reason);
  if (typeof queue === 'string') span.setAttribute(RABBITMQ.deadLetterQueue, queue);
}

function infoOf({ state, fields, properties, content }: Outbound): PublishInfo {
  const { exchange = '', routingKey = '' } = fields;
  return { exchange, routingKey, content, options: properties, isConfirmChannel: state.confirms };
}
