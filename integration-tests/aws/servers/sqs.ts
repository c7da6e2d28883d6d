import { Buffer } from 'node:buffer';
import { AwsError } from './aws-error.ts';
import { attributeBytes, attributesDigest, type MessageAttributes, md5Of } from './message-attributes.ts';
import { Queue, type StoredMessage } from './queue.ts';

/** The input of an action, as in AWS's model of SQS. */
export interface SqsInput {
  readonly QueueName?: string;
  readonly QueueUrl?: string;
  readonly Attributes?: Readonly<Record<string, string>>;
  readonly MessageBody?: string;
  readonly MessageAttributes?: MessageAttributes;
  readonly MessageSystemAttributes?: MessageAttributes;
  readonly MaxNumberOfMessages?: number;
  readonly WaitTimeSeconds?: number;
  readonly VisibilityTimeout?: number;
  readonly MessageAttributeNames?: readonly string[];
  readonly AttributeNames?: readonly string[];
  readonly MessageSystemAttributeNames?: readonly string[];
  readonly ReceiptHandle?: string;
  readonly Entries?: readonly (SqsInput & { readonly Id: string })[];
}

type Output = Readonly<Record<string, unknown>>;

const MAX_BATCH = 10;

/** SQS. Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/ */
export class Sqs {
  readonly #urlOf: (name: string) => string;
  readonly #queues = new Map<string, Queue>();

  constructor(urlOf: (name: string) => string) {
    this.#urlOf = urlOf;
  }

  /** A queue by its name, URL or ARN. */
  queue(reference: string | undefined): Queue {
    const name = reference?.split(/[/:]/).at(-1) ?? '';
    const queue = this.#queues.get(name);
    if (queue === undefined)
      throw new AwsError(
        'QueueDoesNotExist',
        'The specified queue does not exist.',
        400,
        'AWS.SimpleQueueService.NonExistentQueue',
      );
    return queue;
  }

  close(): void {
    for (const queue of this.#queues.values()) queue.close();
  }

  async act(action: string, input: SqsInput): Promise<Output> {
    switch (action) {
      case 'CreateQueue': {
        const name = input.QueueName ?? '';
        if (!this.#queues.has(name)) this.#queues.set(name, new Queue(name, input.Attributes));
        return { QueueUrl: this.#urlOf(name) };
      }
      case 'GetQueueUrl':
        return { QueueUrl: this.#urlOf(this.queue(input.QueueName).name) };
      case 'SendMessage':
        return send(this.queue(input.QueueUrl), input);
      case 'SendMessageBatch':
        return sendBatch(this.queue(input.QueueUrl), input.Entries ?? []);
      case 'ReceiveMessage':
        return receive(this.queue(input.QueueUrl), input);
      case 'DeleteMessage':
        this.queue(input.QueueUrl).delete(input.ReceiptHandle ?? '');
        return {};
      case 'DeleteMessageBatch':
        return batch(input.Entries ?? [], (entry) => {
          this.queue(input.QueueUrl).delete(entry.ReceiptHandle ?? '');
          return {};
        });
      case 'ChangeMessageVisibility':
        this.queue(input.QueueUrl).setVisibility(
          input.ReceiptHandle ?? '',
          (input.VisibilityTimeout ?? 0) * 1000,
        );
        return {};
      default:
        throw new AwsError('InvalidAction', `The action ${action} is not valid for this endpoint.`);
    }
  }
}

function send(queue: Queue, input: SqsInput): Output {
  const { MessageBody = '', MessageAttributes = {}, MessageSystemAttributes = {} } = input;
  const system = Object.entries(MessageSystemAttributes).map(([name, { StringValue = '' }]) => [
    name,
    StringValue,
  ]);
  const message = queue.send(MessageBody, MessageAttributes, Object.fromEntries(system));
  return {
    MessageId: message.id,
    MD5OfMessageBody: md5Of(MessageBody),
    MD5OfMessageAttributes: attributesDigest(MessageAttributes),
    MD5OfMessageSystemAttributes: attributesDigest(MessageSystemAttributes),
  };
}

type Entries = NonNullable<SqsInput['Entries']>;

/** An entry that is refused does not fail the others; all of them together have the limits of one message. */
function sendBatch(queue: Queue, entries: Entries): Output {
  const bytes = entries.reduce(
    (sum, { MessageBody = '', MessageAttributes = {} }) =>
      sum + Buffer.byteLength(MessageBody) + attributeBytes(MessageAttributes),
    0,
  );
  if (bytes > queue.maxBytes)
    throw new AwsError(
      'BatchRequestTooLong',
      `Batch requests cannot be longer than ${queue.maxBytes} bytes. You have sent ${bytes} bytes.`,
      400,
      'AWS.SimpleQueueService.BatchRequestTooLong',
    );
  return batch(entries, (entry) => send(queue, entry));
}

function batch(entries: Entries, act: (entry: Entries[number]) => Output): Output {
  if (entries.length > MAX_BATCH)
    throw new AwsError(
      'TooManyEntriesInBatchRequest',
      `Maximum number of entries per request are ${MAX_BATCH}. You have sent ${entries.length}.`,
      400,
      'AWS.SimpleQueueService.TooManyEntriesInBatchRequest',
    );
  const successful: Output[] = [];
  const failed: Output[] = [];
  for (const entry of entries) {
    try {
      successful.push({ Id: entry.Id, ...act(entry) });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      failed.push({ Id: entry.Id, SenderFault: true, Code: error.queryCode, Message: error.message });
    }
  }
  return { Successful: successful, Failed: failed };
}

async function receive(queue: Queue, input: SqsInput): Promise<Output> {
  const { MaxNumberOfMessages = 1, WaitTimeSeconds = 0, VisibilityTimeout } = input;
  const visibilityMs = VisibilityTimeout === undefined ? undefined : VisibilityTimeout * 1000;
  const messages = await queue.receive(MaxNumberOfMessages, WaitTimeSeconds * 1000, visibilityMs);
  return messages.length === 0 ? {} : { Messages: messages.map((message) => received(message, input)) };
}

function received(message: StoredMessage, input: SqsInput): Output {
  const { AttributeNames = [], MessageSystemAttributeNames = [], MessageAttributeNames = [] } = input;
  const attributes = chosen(message.attributes, MessageAttributeNames);
  const system = chosen(
    {
      ...message.systemAttributes,
      SentTimestamp: String(message.sentAtMs),
      ApproximateReceiveCount: String(message.receiveCount),
    },
    [...AttributeNames, ...MessageSystemAttributeNames],
  );
  const any = Object.keys(attributes).length > 0;
  return {
    MessageId: message.id,
    ReceiptHandle: message.receiptHandle,
    Body: message.body,
    MD5OfBody: md5Of(message.body),
    ...(any && { MessageAttributes: attributes, MD5OfMessageAttributes: attributesDigest(attributes) }),
    ...(Object.keys(system).length > 0 && { Attributes: system }),
  };
}

/** The attributes that a receiver asks for: by name, by a prefix with `.*`, or all of them. */
function chosen<T>(all: Readonly<Record<string, T>>, names: readonly string[]): Record<string, T> {
  const isChosen = (name: string) =>
    names.some(
      (wanted) =>
        wanted === 'All' ||
        wanted === '.*' ||
        wanted === name ||
        (wanted.endsWith('.*') && name.startsWith(wanted.slice(0, -2))),
    );
  return Object.fromEntries(Object.entries(all).filter(([name]) => isChosen(name)));
}
