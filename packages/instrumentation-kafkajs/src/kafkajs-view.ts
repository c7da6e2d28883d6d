import {
  ATTR,
  type KafkaActions,
  type KafkaOptions,
  kafka,
  type MessagingView,
  type Tools,
} from '@clew/core/plugin';
import type { SpanContext } from '@opentelemetry/api';
import { headersGetter, headersWriter } from './headers.ts';
import type { DeliveredMessage, Headers } from './kafkajs.ts';
import type { Outbound } from './outbound.ts';

export type KafkajsTools = Tools<KafkaOptions>;

/** A delivered message. */
export interface Inbound {
  readonly topic: string;
  readonly partition: number;
  readonly message: DeliveredMessage;
  readonly group: string | undefined;
  /** The span of the batch, for a message that is processed by itself within it. */
  readonly batch?: SpanContext | undefined;
}

export type KafkajsView = MessagingView<Outbound, Inbound, Headers | undefined>;

/** The messages of kafkajs, for the template. */
export function kafkajsView(tools: KafkajsTools, actions: KafkaActions): KafkajsView {
  return {
    getter: headersGetter,
    headers: ({ message }) => message.headers,
    identity: ({ message }) => message,
    queue: ({ topic }) => topic,
    writer: headersWriter,
    // The limit is a setting of the topic, which the client does not know.
    availableHeaderBytes: () => Number.POSITIVE_INFINITY,
    sending: ({ topic }) => actions().send(topic),
    processing: ({ topic }) => actions().process(topic),
    sentBody: ({ messages }) => (messages.length === 1 ? messages[0]?.value : undefined),
    deliveredBody: ({ message }) => message.value,
    describeSent(span, outbound) {
      outbound.span = span;
      kafka.describeSent(span, outbound.messages, tools.options);
    },
    onSent(span, { errorType, messages, stored }) {
      if (errorType !== undefined) span.setAttribute(ATTR.errorType, errorType);
      const [{ partition, baseOffset } = {}] = stored;
      // A batch may go to several partitions.
      if (stored.length !== 1 || partition === undefined) return;
      kafka.describeStored(span, partition, messages.length === 1 ? baseOffset : undefined);
    },
    describeDelivery: (span, { message }) => kafka.describeDelivery(span, message, tools.options),
    // Also for a batch, whose messages have the same topic and partition.
    onProcess(span, { partition, group, batch }) {
      kafka.describeProcess(span, partition, group);
      if (batch !== undefined) span.addLink({ context: batch });
    },
  };
}
