import { Buffer } from 'node:buffer';
import { aws, type CarrierWriter, countDropped, messaging } from '@clew/core/plugin';
import { type Context, propagation } from '@opentelemetry/api';
import { type Fields, isRecord } from '../sdk.ts';
import { Room } from './room.ts';

/** SNS accepts more, but discards a message with more when it delivers it to a queue as it is. */
const MAX_ATTRIBUTES = 10;
/** Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html */
const ATTRIBUTE_NAME = /^(?!aws\.|amazon\.|\.)(?!.*\.\.)[\w.-]{1,256}(?<!\.)$/i;
const STRING = 'String';

const { XRAY_HEADER } = aws;

/** Where a service has its attributes. */
export interface AttributeMembers {
  readonly body: 'MessageBody' | 'Message';
  /** Whether there is the system attribute `AWSTraceHeader`. */
  readonly hasTraceHeader: boolean;
}

/** The attributes of a message that is being sent: copies of the application's own. */
interface Outgoing {
  readonly attributes: Record<string, unknown>;
  readonly system: Record<string, unknown> | undefined;
  readonly rooms: readonly Room[];
  /** The headers that may be added, if not all of them fit. */
  allowed: ReadonlySet<string> | undefined;
  isChanged: boolean;
}

const inject = messaging.injector<Outgoing>(attributesWriter());

/** Returns a message with the headers of a context among its attributes; the given one if there is nothing to add. */
export function withAttributes(
  message: Fields,
  current: Context,
  { hasTraceHeader }: AttributeMembers,
  rooms: readonly Room[],
): Fields {
  const given = message.MessageAttributes ?? {};
  const system = message.MessageSystemAttributes ?? {};
  if (!isRecord(given) || !isRecord(system)) return message;
  const outgoing: Outgoing = {
    attributes: { ...given },
    system: hasTraceHeader ? { ...system } : undefined,
    rooms,
    allowed: undefined,
    isChanged: false,
  };
  const free = MAX_ATTRIBUTES - Object.keys(given).length;
  if (free < propagation.fields().length) outgoing.allowed = allowedHeaders(current, outgoing, free);
  inject(current, outgoing);
  if (!outgoing.isChanged) return message;
  const { attributes } = outgoing;
  const hasSystem = outgoing.system !== undefined && Object.keys(outgoing.system).length > 0;
  return {
    ...message,
    MessageAttributes: attributes,
    ...(hasSystem && { MessageSystemAttributes: outgoing.system }),
  };
}

/** The bytes of a message that count towards the limits. */
export function bytesOf(message: Fields, { body }: AttributeMembers): number {
  const { MessageAttributes } = message;
  let bytes = byteLength(message[body]);
  for (const [name, value] of isRecord(MessageAttributes) ? Object.entries(MessageAttributes) : []) {
    if (!isRecord(value)) continue;
    bytes += Buffer.byteLength(name) + byteLength(value.DataType);
    bytes += byteLength(value.StringValue) + byteLength(value.BinaryValue);
  }
  return bytes;
}

function byteLength(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  return ArrayBuffer.isView(value) ? value.byteLength : 0;
}

/**
 * Chooses among the headers of a context if there is not enough space for as many as there could be: those of the
 * trace before the baggage, and `traceparent` alone before a part of a format.
 */
function allowedHeaders(current: Context, outgoing: Outgoing, free: number): ReadonlySet<string> {
  const headers: Record<string, string> = {};
  propagation.inject(current, headers);
  const written = Object.keys(headers);
  const added = written.filter((name) => keyOf(outgoing, name) === undefined && !isSystem(outgoing, name));
  const traced = added.filter((name) => name !== 'baggage' && !/^(?:uberctx-|ot-baggage-)/.test(name));
  const fitting =
    added.length <= free
      ? added
      : traced.length <= free
        ? traced
        : traced.includes('traceparent') && free > 0
          ? ['traceparent']
          : [];
  return new Set([...fitting, ...written.filter((name) => !added.includes(name))]);
}

function attributesWriter(): CarrierWriter<Outgoing> {
  return {
    isEmpty: ({ attributes, system }) =>
      Object.keys(attributes).length === 0 && system?.AWSTraceHeader === undefined,
    names: ({ attributes }) => Object.keys(attributes),
    has: (outgoing, name) =>
      isSystem(outgoing, name)
        ? outgoing.system?.AWSTraceHeader !== undefined
        : keyOf(outgoing, name) !== undefined,
    remove(outgoing, name) {
      outgoing.isChanged = true;
      const key = keyOf(outgoing, name);
      if (isSystem(outgoing, name)) delete outgoing.system?.AWSTraceHeader;
      else if (key !== undefined) delete outgoing.attributes[key];
    },
    set(outgoing, name, value) {
      if (value === '') return false;
      if (isSystem(outgoing, name)) {
        if (outgoing.system) outgoing.system.AWSTraceHeader = { DataType: STRING, StringValue: value };
        outgoing.isChanged = true;
        return true;
      }
      if (!fits(outgoing, name, value)) {
        countDropped('message attributes', 'outgoing header does not fit');
        return false;
      }
      const key = keyOf(outgoing, name);
      if (key !== undefined) delete outgoing.attributes[key];
      outgoing.attributes[name] = { DataType: STRING, StringValue: value };
      outgoing.isChanged = true;
      return true;
    },
  };
}

function fits(outgoing: Outgoing, name: string, value: string): boolean {
  const { attributes, allowed, rooms } = outgoing;
  if (!ATTRIBUTE_NAME.test(name) || allowed?.has(name) === false) return false;
  const isNew = keyOf(outgoing, name) === undefined;
  if (isNew && Object.keys(attributes).length >= MAX_ATTRIBUTES) return false;
  return Room.take(rooms, Buffer.byteLength(name) + STRING.length + Buffer.byteLength(value));
}

function isSystem({ system }: Outgoing, name: string): boolean {
  return system !== undefined && name.toLowerCase() === XRAY_HEADER;
}

/** The name of an attribute as the application has written it. */
function keyOf({ attributes }: Outgoing, name: string): string | undefined {
  if (Object.hasOwn(attributes, name)) return name;
  const lower = name.toLowerCase();
  return Object.keys(attributes).find((key) => key.toLowerCase() === lower);
}
