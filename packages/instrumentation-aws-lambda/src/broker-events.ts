import { Buffer } from 'node:buffer';
import { aws } from '@clew/core/plugin';
import type { MessageBatch } from './event-source.ts';

const { headersOf, isRecord, MAX_LINKED } = aws;

/** No format has longer headers. */
const MAX_BYTES = 16_384;

interface Delivered {
  readonly source: string;
  /** Names, and values as text or bytes. */
  readonly headers: Readonly<Record<string, unknown>>;
}

/**
 * Reads the messages of Kafka and RabbitMQ in an event; `undefined` for another event. Sources:
 * https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html, https://docs.aws.amazon.com/lambda/latest/dg/with-mq.html
 */
export function readBrokerEvent({ records, rmqMessagesByQueue }: aws.Fields): MessageBatch | undefined {
  if (isRecord(records)) return batchOf('kafka', messagesOf(records, kafkaMessage));
  if (isRecord(rmqMessagesByQueue)) return batchOf('rabbitmq', messagesOf(rmqMessagesByQueue, rabbitMessage));
  return undefined;
}

function messagesOf(
  groups: aws.Fields,
  read: (message: aws.Fields, group: string) => Delivered,
): readonly Delivered[] {
  return Object.entries(groups).flatMap(([group, messages]) =>
    Array.isArray(messages) ? messages.filter(isRecord).map((message) => read(message, group)) : [],
  );
}

/** Headers are a list, because a name may occur several times. */
function kafkaMessage({ topic, headers }: aws.Fields): Delivered {
  const pairs = Array.isArray(headers) ? headers.filter(isRecord) : [];
  return { source: String(topic), headers: Object.assign({}, ...pairs) as aws.Fields };
}

/** A group is a queue and a virtual host: `orders::/`. Only headers that are strings arrive as bytes. */
function rabbitMessage({ basicProperties }: aws.Fields, group: string): Delivered {
  const given = isRecord(basicProperties) ? basicProperties.headers : undefined;
  const entries = Object.entries(isRecord(given) ? given : {});
  const headers = Object.fromEntries(
    entries.map(([name, value]) => [name, isRecord(value) ? value.bytes : value]),
  );
  return { source: group.slice(0, group.lastIndexOf('::')), headers };
}

function batchOf(system: 'kafka' | 'rabbitmq', messages: readonly Delivered[]): MessageBatch | undefined {
  const [first] = messages;
  if (first === undefined) return undefined;
  return {
    system,
    source: messages.every(({ source }) => source === first.source) ? first.source : '',
    count: messages.length,
    messageId: undefined,
    headers: messages.slice(0, MAX_LINKED).map(({ headers }) => headersOf(asTexts(headers))),
  };
}

function asTexts(headers: aws.Fields): aws.Fields {
  const texts = Object.entries(headers).map(([name, value]) => {
    const isBytes = Array.isArray(value) && value.length <= MAX_BYTES;
    return [name, isBytes ? Buffer.from(value as number[]).toString() : value];
  });
  return Object.fromEntries(texts);
}
