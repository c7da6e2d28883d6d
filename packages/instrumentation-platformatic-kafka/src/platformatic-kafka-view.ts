import {
  type KafkaActions,
  type KafkaOptions,
  kafka,
  type MessagingView,
  type Tools,
} from '@clew/core/plugin';
import { headersGetter, headersWriter } from './headers.ts';
import type { Outbound } from './outbound.ts';
import type { DeliveredMessage } from './platformatic-kafka.ts';

export type KafkaTools = Tools<KafkaOptions>;

export type KafkaView = MessagingView<Outbound, DeliveredMessage, DeliveredMessage['headers']>;

/** The messages of @platformatic/kafka, for the template. */
export function kafkaView(tools: KafkaTools, actions: KafkaActions): KafkaView {
  return {
    getter: headersGetter,
    headers: ({ headers }) => headers,
    identity: (message) => message,
    queue: ({ topic }) => topic,
    writer: headersWriter,
    // The limit is a setting of the topic, which the client does not know.
    availableHeaderBytes: ({ encoders }) => (encoders === undefined ? 0 : Number.POSITIVE_INFINITY),
    sending: ({ topic }) => actions().send(topic),
    processing: ({ topic }) => actions().process(topic),
    describeSent(span, outbound) {
      outbound.span = span;
      kafka.describeSent(span, outbound.messages, tools.options);
    },
    onSent(span, { topic, messages, result }) {
      const stored = result?.offsets?.filter((each) => each.topic === topic) ?? [];
      const [first] = stored;
      // A batch may go to several partitions.
      if (first === undefined || stored.length !== 1) return;
      kafka.describeStored(span, first.partition, messages.length === 1 ? first.offset : undefined);
    },
    describeDelivery: (span, message) => kafka.describeDelivery(span, message, tools.options),
    onProcess: (span, { partition, metadata }) =>
      kafka.describeProcess(span, partition, metadata?.consumer?.groupId),
  };
}
