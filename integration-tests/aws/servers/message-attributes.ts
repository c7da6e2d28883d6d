import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { invalidValue } from './aws-error.ts';

/** A message attribute of SQS and SNS; bytes are in base64, as on the wire. */
export interface MessageAttribute {
  readonly DataType: string;
  readonly StringValue?: string | undefined;
  readonly BinaryValue?: string | undefined;
}

export type MessageAttributes = Readonly<Record<string, MessageAttribute>>;

const MAX_ATTRIBUTES = 10;
/** Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html */
const NAME = /^(?!aws\.|amazon\.)(?!\.)(?!.*\.\.)[\w.-]{1,256}(?<!\.)$/i;

/** Refuses what SQS refuses. */
export function checkAttributes(attributes: MessageAttributes): void {
  const entries = Object.entries(attributes);
  if (entries.length > MAX_ATTRIBUTES)
    throw invalidValue(
      `Number of message attributes [${entries.length}] exceeds the allowed maximum [${MAX_ATTRIBUTES}].`,
    );
  for (const [name, { DataType, StringValue, BinaryValue }] of entries) {
    if (!NAME.test(name)) throw invalidValue(`The message attribute name '${name}' is invalid.`);
    if (!/^(?:String|Number|Binary)(?:\..+)?$/.test(DataType ?? ''))
      throw invalidValue(`The type of message (user) attribute '${name}' is invalid.`);
    if (!(DataType.startsWith('Binary') ? BinaryValue : StringValue))
      throw invalidValue(
        `The message attribute '${name}' must contain a non-empty message attribute value for message attribute type '${DataType}'.`,
      );
  }
}

/** The bytes of attributes that count towards the size of a message: names, types and values. */
export function attributeBytes(attributes: MessageAttributes): number {
  return Object.entries(attributes).reduce(
    (bytes, [name, attribute]) =>
      bytes + Buffer.byteLength(name) + Buffer.byteLength(attribute.DataType) + bytesOf(attribute).length,
    0,
  );
}

/**
 * The digest of attributes: name, type and value of each, sorted by name, each with its length.
 * Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
 */
export function attributesDigest(attributes: MessageAttributes): string | undefined {
  const names = Object.keys(attributes).sort();
  if (names.length === 0) return undefined;
  const hash = createHash('md5');
  const add = (bytes: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  };
  for (const name of names) {
    const attribute = attributes[name]!;
    add(Buffer.from(name));
    add(Buffer.from(attribute.DataType));
    hash.update(Buffer.of(attribute.DataType.startsWith('Binary') ? 2 : 1));
    add(bytesOf(attribute));
  }
  return hash.digest('hex');
}

export function md5Of(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

function bytesOf({ DataType, StringValue = '', BinaryValue = '' }: MessageAttribute): Buffer {
  return DataType.startsWith('Binary') ? Buffer.from(BinaryValue, 'base64') : Buffer.from(StringValue);
}
