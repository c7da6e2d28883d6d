import { ATTR } from '@clew/core/plugin';
import { SpanKind } from '@opentelemetry/api';
import { known, textOf } from '../sdk.ts';
import type { Service } from '../service.ts';

/** Never a telephone number. Source: https://opentelemetry.io/docs/specs/semconv/messaging/sns/ */
export const sns: Service = {
  messaging(input, method) {
    if (method !== 'Publish' && method !== 'PublishBatch') return undefined;
    const arn = textOf(input.TopicArn) ?? textOf(input.TargetArn) ?? '';
    // The ARN of a device contains a path, and differs for each device.
    const destination = arn.includes('/') ? '' : arn.slice(arn.lastIndexOf(':') + 1);
    return { system: 'aws.sns', name: 'publish', type: 'send', destination, kind: SpanKind.PRODUCER };
  },
  request: (input) =>
    known({
      'aws.sns.topic.arn': input.TopicArn,
      [ATTR.messagingBatchMessageCount]: Array.isArray(input.PublishBatchRequestEntries)
        ? input.PublishBatchRequestEntries.length
        : undefined,
    }),
  response: (output) =>
    known({
      [ATTR.messagingMessageId]: output.MessageId,
      'clew.aws.failed_entries':
        Array.isArray(output.Failed) && output.Failed.length > 0 ? output.Failed.length : undefined,
    }),
};
