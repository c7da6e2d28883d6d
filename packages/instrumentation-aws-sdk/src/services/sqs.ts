import { ATTR } from '@clew/core/plugin';
import { SpanKind } from '@opentelemetry/api';
import { type Fields, known, textOf } from '../sdk.ts';
import type { Service } from '../service.ts';

/** Source: https://opentelemetry.io/docs/specs/semconv/messaging/sqs/ */
export const sqs: Service = {
  messaging(input, method) {
    const operation = OPERATIONS[method];
    const destination = queueOf(input);
    if (operation === undefined || destination === undefined) return undefined;
    return { system: 'aws_sqs', destination, ...operation };
  },
  request: (input) =>
    known({
      'aws.sqs.queue.url': withoutUser(input.QueueUrl),
      [ATTR.messagingBatchMessageCount]: sizeOf(input.Entries),
    }),
  response: (output, method) =>
    known({
      [ATTR.messagingMessageId]: output.MessageId,
      ...(method === 'ReceiveMessage' && { [ATTR.messagingBatchMessageCount]: sizeOf(output.Messages) ?? 0 }),
      'clew.aws.failed_entries': sizeOf(output.Failed),
    }),
};

const SEND = { name: 'send', type: 'send', kind: SpanKind.PRODUCER } as const;
const RECEIVE = { name: 'receive', type: 'receive', kind: SpanKind.CLIENT } as const;
const DELETE = { name: 'delete', type: 'settle', kind: SpanKind.CLIENT } as const;
const OPERATIONS: Readonly<Record<string, typeof SEND | typeof RECEIVE | typeof DELETE>> = {
  SendMessage: SEND,
  SendMessageBatch: SEND,
  ReceiveMessage: RECEIVE,
  DeleteMessage: DELETE,
  DeleteMessageBatch: DELETE,
};

/** The name of the queue. */
export function queueOf(input: Fields): string | undefined {
  const url = textOf(input.QueueUrl);
  return url?.slice(url.lastIndexOf('/') + 1);
}

function sizeOf(list: unknown): number | undefined {
  return Array.isArray(list) && list.length > 0 ? list.length : undefined;
}

/** A URL may contain a user and a password, if a proxy needs them. */
function withoutUser(url: Fields[string]): string | undefined {
  return textOf(url)?.replace(/\/\/[^/@]*@/, '//');
}
