import type { MessageAttribute } from './message-attributes.ts';
import { type FormTree, listOf, mapOf } from './query-protocol.ts';
import type { SqsInput } from './sqs.ts';

/** The elements of SQS's flattened lists in the query protocol, which its SDKs used until the end of 2023. */
export const SQS_LISTS = {
  Messages: 'Message',
  Successful: 'Successful',
  Failed: 'BatchResultErrorEntry',
  MessageAttributes: 'MessageAttribute',
  Attributes: 'Attribute',
} as const;

/** The input of an action from the parameters of the query protocol. */
export function sqsInput(form: Record<string, FormTree>): SqsInput {
  const text = (name: string) => form[name] as string | undefined;
  const number = (name: string) => (form[name] === undefined ? undefined : Number(form[name]));
  const batches = Object.entries(form).find(([name]) => name.endsWith('BatchRequestEntry'))?.[1];
  const input = {
    QueueName: text('QueueName'),
    QueueUrl: text('QueueUrl'),
    Attributes: mapOf(form.Attribute) as Record<string, string>,
    MessageBody: text('MessageBody'),
    MessageAttributes: mapOf(form.MessageAttribute) as unknown as Record<string, MessageAttribute>,
    MessageSystemAttributes: mapOf(form.MessageSystemAttribute) as unknown as Record<
      string,
      MessageAttribute
    >,
    MaxNumberOfMessages: number('MaxNumberOfMessages'),
    WaitTimeSeconds: number('WaitTimeSeconds'),
    VisibilityTimeout: number('VisibilityTimeout'),
    MessageAttributeNames: listOf(form.MessageAttributeName),
    AttributeNames: listOf(form.AttributeName),
    ReceiptHandle: text('ReceiptHandle'),
    Entries: listOf(batches).map((entry) => ({
      ...sqsInput(entry as Record<string, FormTree>),
      Id: String((entry as Record<string, FormTree>).Id),
    })),
  };
  return input as SqsInput;
}

/** The output of an action as the query protocol formats it: maps are lists of a name and a value. */
export function sqsOutput(
  action: string,
  output: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const { Messages, Successful, ...rest } = output;
  return {
    ...rest,
    ...(Array.isArray(Messages) && { Messages: Messages.map(withPairs) }),
    ...(Array.isArray(Successful) && { [`${action}ResultEntry`]: Successful }),
  };
}

function withPairs(message: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const pairs = (map: unknown) =>
    map === undefined ? undefined : Object.entries(map as object).map(([Name, Value]) => ({ Name, Value }));
  return {
    ...message,
    MessageAttributes: pairs(message.MessageAttributes),
    Attributes: pairs(message.Attributes),
  };
}
