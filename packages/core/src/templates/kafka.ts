import type { Span } from '@opentelemetry/api';
import type { OptionsOf } from '../kit/options.ts';
import { option } from '../namespaces/option.ts';
import { ATTR } from '../semconv.ts';
import { createAction } from './messaging-action.ts';
import { actionsBy } from './messaging-actions.ts';
import { messagingOptions } from './messaging-options.ts';

/** The options of every plugin for Kafka. */
export const kafkaOptions = {
  ...messagingOptions,
  /** Records the keys of messages, which may contain personal data. */
  messageKey: option.boolean(false),
} as const;

/** The values of {@link kafkaOptions}. */
export type KafkaOptions = OptionsOf<typeof kafkaOptions>;

/** The parts of a message that are recorded. */
export interface KafkaMessage {
  /** Recorded if the option `messageKey` is on. */
  readonly key?: unknown;
  /** Without a value, the message is a tombstone. */
  readonly value?: unknown;
}

/** The attributes of Kafka, and the partition. */
const KAFKA = {
  messageKey: 'messaging.kafka.message.key',
  offset: 'messaging.kafka.offset',
  partition: 'messaging.destination.partition.id',
  tombstone: 'messaging.kafka.message.tombstone',
} as const;

/** Matches nothing: Kafka generates no names of topics. */
const GENERATED_NAMES = /(?!)/;

/** Returns a function that returns the actions on the messages of a topic, and on a transaction: call it for every message. */
export function kafkaActions(tools: { readonly options: KafkaOptions }) {
  return actionsBy(tools, GENERATED_NAMES, ({ label, isIgnored, once }) => {
    const action = (name: string, type: 'send' | 'process' | 'settle' | undefined) =>
      once((topic: string) =>
        createAction({
          system: 'kafka',
          name,
          type,
          destination: topic,
          label: label(topic),
          ignored: isIgnored(topic),
        }),
      );
    return {
      send: action('send', 'send'),
      process: action('process', 'process'),
      commit: action('commit', 'settle'),
      commitTransaction: action('commit_transaction', undefined),
      abortTransaction: action('abort_transaction', undefined),
    };
  });
}

/** What {@link kafkaActions} returns. */
export type KafkaActions = ReturnType<typeof kafkaActions>;

/** Records the messages that are sent to a topic: one message, or the number of several. */
export function describeSent(span: Span, messages: readonly KafkaMessage[], options: KafkaOptions): void {
  const [message] = messages;
  if (messages.length > 1) span.setAttribute(ATTR.messagingBatchMessageCount, messages.length);
  else if (message !== undefined) describeMessage(span, message, options);
}

/** Records where the broker has stored the messages of a span. The offset is that of the only message. */
export function describeStored(span: Span, partition: number, offset?: string | bigint): void {
  span.setAttribute(KAFKA.partition, String(partition));
  // Without acknowledgements, the offset is unknown: kafkajs omits it, others return -1.
  if (offset !== undefined && Number(offset) >= 0) span.setAttribute(KAFKA.offset, Number(offset));
}

/** Records a message that is delivered. */
export function describeDelivery(
  span: Span,
  message: KafkaMessage & { readonly offset: string | bigint },
  options: KafkaOptions,
): void {
  span.setAttribute(KAFKA.offset, Number(message.offset));
  describeMessage(span, message, options);
}

/** Records the partition and the consumer group of a message, or of a batch of one partition. */
export function describeProcess(span: Span, partition: number, group: string | undefined): void {
  span.setAttribute(KAFKA.partition, String(partition));
  if (group !== undefined) span.setAttribute(ATTR.messagingConsumerGroupName, group);
}

function describeMessage(span: Span, { key, value }: KafkaMessage, { messageKey }: KafkaOptions): void {
  if (value === null || value === undefined) span.setAttribute(KAFKA.tombstone, true);
  if (messageKey && key !== null && key !== undefined) span.setAttribute(KAFKA.messageKey, String(key));
}
