import { Buffer } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { AwsError } from './aws-error.ts';
import { attributeBytes, type MessageAttribute, type MessageAttributes } from './message-attributes.ts';
import { type FormTree, listOf, mapOf } from './query-protocol.ts';
import type { Sqs } from './sqs.ts';

interface Subscription {
  readonly queue: string;
  readonly raw: boolean;
}

/** Calls a subscribed function with the event of SNS. */
type Invoke = (functionArn: string, event: unknown) => void;

const MAX_BYTES = 262_144;
const MAX_BATCH = 10;

/** SNS with subscriptions of SQS queues and functions. Source: https://docs.aws.amazon.com/sns/latest/api/ */
export class Sns {
  readonly #sqs: Sqs;
  readonly #invoke: Invoke;
  readonly #topics = new Map<string, Subscription[]>();

  constructor(sqs: Sqs, invoke: Invoke) {
    this.#sqs = sqs;
    this.#invoke = invoke;
  }

  act(action: string, form: Record<string, FormTree>): Record<string, unknown> {
    const { TopicArn, Name, Endpoint } = form as Record<string, string>;
    switch (action) {
      case 'CreateTopic': {
        const arn = `arn:aws:sns:us-east-1:000000000000:${Name}`;
        if (!this.#topics.has(arn)) this.#topics.set(arn, []);
        return { TopicArn: arn };
      }
      case 'Subscribe': {
        const { RawMessageDelivery } = mapOf(form.Attributes, 'key', 'value');
        this.#topic(TopicArn).push({ queue: Endpoint ?? '', raw: RawMessageDelivery === 'true' });
        return { SubscriptionArn: `${TopicArn}:${randomUUID()}` };
      }
      case 'Publish':
        return { MessageId: this.#publish(TopicArn, form) };
      case 'PublishBatch':
        return this.#publishBatch(TopicArn, form);
      default:
        throw new AwsError('InvalidAction', `Could not find operation ${action}`);
    }
  }

  #topic(arn: string | undefined): Subscription[] {
    const topic = this.#topics.get(arn ?? '');
    if (topic === undefined) throw new AwsError('NotFound', 'Topic does not exist', 404);
    return topic;
  }

  #publishBatch(arn: string | undefined, form: Record<string, FormTree>): Record<string, unknown> {
    const entries = listOf(form.PublishBatchRequestEntries) as Record<string, FormTree>[];
    if (entries.length > MAX_BATCH)
      throw new AwsError(
        'TooManyEntriesInBatchRequest',
        'The batch request contains more entries than permissible.',
      );
    const bytes = entries.reduce((sum, entry) => sum + bytesOf(entry), 0);
    if (bytes > MAX_BYTES)
      throw new AwsError(
        'BatchRequestTooLong',
        'The length of all the batch messages put together is more than the limit.',
      );
    const Successful = entries.map((entry) => ({ Id: entry.Id, MessageId: this.#publish(arn, entry) }));
    return { Successful, Failed: [] };
  }

  #publish(arn: string | undefined, form: Record<string, FormTree>): string {
    const topic = this.#topic(arn);
    if (bytesOf(form) > MAX_BYTES)
      throw new AwsError('InvalidParameter', 'Invalid parameter: Message too long');
    const id = randomUUID();
    const attributes = attributesOf(form);
    const message = String(form.Message);
    for (const { queue, raw } of topic) {
      if (queue.includes(':function:')) {
        const Sns = { ...notification(id, arn, message, attributes), Type: 'Notification' };
        this.#invoke(queue, { Records: [{ EventSource: 'aws:sns', EventVersion: '1.0', Sns }] });
      } else if (raw) {
        // A message with more attributes than SQS accepts is discarded.
        if (Object.keys(attributes).length <= 10) this.#sqs.queue(queue).send(message, attributes);
      } else {
        const body = { Type: 'Notification', ...notification(id, arn, message, attributes) };
        this.#sqs.queue(queue).send(JSON.stringify(body), {});
      }
    }
    return id;
  }
}

/** Source: https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html */
function notification(id: string, arn: string | undefined, message: string, attributes: MessageAttributes) {
  const converted = Object.entries(attributes).map(([name, { DataType, StringValue, BinaryValue }]) => [
    name,
    { Type: DataType, Value: StringValue ?? BinaryValue },
  ]);
  return {
    MessageId: id,
    TopicArn: arn,
    Message: message,
    Timestamp: new Date().toISOString(),
    ...(converted.length > 0 && { MessageAttributes: Object.fromEntries(converted) }),
  };
}

function attributesOf(form: Record<string, FormTree>): MessageAttributes {
  return mapOf(form.MessageAttributes) as unknown as Record<string, MessageAttribute>;
}

function bytesOf(form: Record<string, FormTree>): number {
  return Buffer.byteLength(String(form.Message)) + attributeBytes(attributesOf(form));
}
