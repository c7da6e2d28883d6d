import { Buffer, isUtf8 } from 'node:buffer';
import type { Context } from '@opentelemetry/api';
import type { CarryingService } from '../options.ts';
import { type Fields, isRecord } from '../sdk.ts';
import { withClientContext, withContextMember } from './json-context.ts';
import { type AttributeMembers, bytesOf, withAttributes } from './message-attributes.ts';
import { MESSAGE_LIMITS, Room } from './room.ts';

/** Returns the input of a command with a context in it: a new object, unless nothing is added. */
export type WriteContext = (input: Fields, current: Context) => Fields;

const SQS: AttributeMembers = { body: 'MessageBody', hasTraceHeader: true };
const SNS: AttributeMembers = { body: 'Message', hasTraceHeader: false };

const RECORD_LIMITS = [1_048_576, 10_485_760];
const RECORDS_LIMITS = [5_242_880, 10_485_760];

/** How the commands of the services carry a context. */
export const SENDING: Readonly<Record<CarryingService, Readonly<Record<string, WriteContext>>>> = {
  SQS: {
    SendMessage: (input, current) => withAttributes(input, current, SQS, [roomOf(input, SQS)]),
    SendMessageBatch: batchOf('Entries', SQS),
  },
  SNS: {
    Publish: (input, current) =>
      isTopic(input) ? withAttributes(input, current, SNS, [roomOf(input, SNS)]) : input,
    PublishBatch: batchOf('PublishBatchRequestEntries', SNS),
  },
  Lambda: { Invoke: withClientContext, InvokeWithResponseStream: withClientContext },
  EventBridge: {
    PutEvents: (input, current) =>
      withEach(input, 'Entries', MESSAGE_LIMITS, entryBytes, (entry, rooms) =>
        withText(entry, 'Detail', current, rooms),
      ),
  },
  Kinesis: {
    PutRecord: (input, current) => withData(input, current, []),
    PutRecords: (input, current) =>
      withEach(
        input,
        'Records',
        RECORDS_LIMITS,
        ({ Data, PartitionKey }) => lengthOf(Data) + lengthOf(PartitionKey),
        (entry, rooms) => withData(entry, current, rooms),
      ),
  },
  SFN: { StartExecution: withInput, StartSyncExecution: withInput },
};

/** A message to a device or telephone has no consumer that is traced. */
function isTopic({ TopicArn, TargetArn }: Fields): boolean {
  const arn = TopicArn ?? TargetArn;
  return typeof arn === 'string' && !arn.includes('/');
}

function roomOf(message: Fields, members: AttributeMembers): Room {
  return new Room(MESSAGE_LIMITS, bytesOf(message, members));
}

function batchOf(list: string, members: AttributeMembers): WriteContext {
  return (input, current) =>
    withEach(
      input,
      list,
      MESSAGE_LIMITS,
      (entry) => bytesOf(entry, members),
      (entry, rooms) => withAttributes(entry, current, members, [...rooms, roomOf(entry, members)]),
    );
}

/** Replaces the entries of a batch, which have a limit together. */
function withEach(
  input: Fields,
  name: string,
  limits: readonly number[],
  bytes: (entry: Fields) => number,
  replace: (entry: Fields, rooms: readonly Room[]) => Fields,
): Fields {
  const entries: unknown = input[name];
  if (!Array.isArray(entries)) return input;
  const used = entries.reduce<number>((sum, entry) => sum + (isRecord(entry) ? bytes(entry) : 0), 0);
  const shared = new Room(limits, used);
  return {
    ...input,
    [name]: entries.map((entry: unknown) => (isRecord(entry) ? replace(entry, [shared]) : entry)),
  };
}

/** Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html#eb-putevent-size */
function entryBytes({ Time, Source, DetailType, Detail, Resources }: Fields): number {
  const TIME_BYTES = 14;
  const resources = Array.isArray(Resources) ? Resources : [];
  const texts = [Source, DetailType, Detail, ...(resources as unknown[])];
  return (Time === undefined ? 0 : TIME_BYTES) + texts.reduce<number>((sum, text) => sum + lengthOf(text), 0);
}

function withText(input: Fields, member: string, current: Context, rooms: readonly Room[]): Fields {
  const given = input[member];
  if (typeof given !== 'string') return input;
  const text = withContextMember(given, current, rooms);
  return text === given ? input : { ...input, [member]: text };
}

/** The default input of an execution is an empty object. */
function withInput(input: Fields, current: Context): Fields {
  const given = input.input ?? '{}';
  if (typeof given !== 'string') return input;
  const text = withContextMember(given, current, [new Room(MESSAGE_LIMITS, lengthOf(given))]);
  return text === given ? input : { ...input, input: text };
}

/** The data of a record may be anything: only that of a JSON object gets a context. */
function withData(record: Fields, current: Context, rooms: readonly Room[]): Fields {
  const { Data } = record;
  if (!(Data instanceof Uint8Array) || Data.length === 0) return record;
  if (!isUtf8(Data)) return record;
  const given = Buffer.from(Data.buffer, Data.byteOffset, Data.byteLength).toString();
  if (!isJsonObject(given)) return record;
  const text = withContextMember(given, current, [...rooms, new Room(RECORD_LIMITS, Data.byteLength)]);
  return text === given ? record : { ...record, Data: Buffer.from(text) };
}

function isJsonObject(text: string): boolean {
  if (!/^\s*\{/.test(text)) return false;
  try {
    return isRecord(JSON.parse(text));
  } catch {
    return false;
  }
}

function lengthOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  return value instanceof Uint8Array ? value.byteLength : 0;
}
