import type { Span } from '@opentelemetry/api';
import type { Message, ProducerRecord, RecordMetadata } from './kafkajs.ts';

/** The messages that one call of `send` or `sendBatch` sends to one topic. */
export interface Outbound {
  readonly topic: string;
  messages: readonly Message[];
  /** Whether `messages` are copies. */
  isCopy: boolean;
  /** The span of the messages, if it is recorded. */
  span: Span | undefined;
  /** Where the broker has stored the messages. */
  stored: RecordMetadata[];
  /** Why the call has failed. */
  errorType: string | undefined;
}

/**
 * The messages of a call, by topic; `undefined` if kafkajs will refuse them. Its error contains the refused message,
 * which must neither be changed nor recorded.
 */
export function outboundsOf(records: unknown): Outbound[] | undefined {
  if (!Array.isArray(records) || !records.every(isValid)) return undefined;
  const byTopic = new Map<string, Outbound>();
  for (const { topic, messages } of records) {
    const known = byTopic.get(topic);
    if (known !== undefined) known.messages = [...known.messages, ...messages];
    else byTopic.set(topic, outbound(topic, messages));
  }
  return [...byTopic.values()];
}

function outbound(topic: string, messages: readonly Message[]): Outbound {
  return { topic, messages, isCopy: false, span: undefined, stored: [], errorType: undefined };
}

function isValid(record: ProducerRecord | null | undefined): record is ProducerRecord {
  return (
    typeof record?.topic === 'string' &&
    record.topic !== '' &&
    Array.isArray(record.messages) &&
    record.messages.every(isValidMessage)
  );
}

function isValidMessage(message: Message | null | undefined): boolean {
  if (typeof message !== 'object' || message === null || message.value === undefined) return false;
  const { headers } = message;
  return headers === undefined || (typeof headers === 'object' && headers !== null);
}
