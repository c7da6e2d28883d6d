import { Buffer } from 'node:buffer';
import { propagation, type TextMapGetter } from '@opentelemetry/api';
import { countDropped } from '../propagation/dropped.ts';
import { type Fields, isRecord } from './aws-fields.ts';

/** The headers of a message or request, with their names in lower case. */
export type ReceivedHeaders = Readonly<Record<string, string | string[]>>;

export const headersGetter: TextMapGetter<ReceivedHeaders> = {
  get: (headers, name) => {
    const key = name.toLowerCase();
    return Object.hasOwn(headers, key) ? headers[key] : undefined;
  },
  keys: (headers) => Object.keys(headers),
};

/** The member under which an event, a record or an input contains the headers of a context. */
export const CONTEXT_KEY = '_context';

/** X-Ray's header. In messages of SQS it is a system attribute, which does not count. */
export const XRAY_HEADER = 'x-amzn-trace-id';

/** The attribute or member in which dd-trace has its headers, as JSON. */
export const DATADOG_KEY = '_datadog';

const MAX_HEADERS = 256;
const MAX_HEADER_CHARS = 16_384;
const MAX_BODY_CHARS = 1_048_576;

/** A message of SQS, whose members have other names in an event of Lambda. */
export interface ReceivedMessage {
  readonly attributes: unknown;
  /** The member of an attribute with its text. */
  readonly valueKey: 'StringValue' | 'stringValue';
  readonly traceHeader: unknown;
  readonly body: unknown;
}

/** The headers of a message of SQS: among its attributes, or in the notification or event that its body contains. */
export function headersOfMessage({
  attributes,
  valueKey,
  traceHeader,
  body,
}: ReceivedMessage): ReceivedHeaders {
  const own = headersOfAttributes(attributes, valueKey);
  const hasOwn = propagation.fields().some((name) => Object.hasOwn(own, name.toLowerCase()));
  return {
    ...(typeof traceHeader === 'string' && { [XRAY_HEADER]: traceHeader }),
    ...(!hasOwn && headersOfBody(body)),
    ...own,
  };
}

/** The headers among message attributes. `Value` is the member of a notification of SNS. */
export function headersOfAttributes(
  attributes: unknown,
  valueKey: ReceivedMessage['valueKey'] | 'Value',
): ReceivedHeaders {
  if (!isRecord(attributes)) return {};
  const { [DATADOG_KEY]: datadog } = attributes;
  const values = Object.entries(attributes).map(([name, attribute]) => [
    name,
    isRecord(attribute) ? attribute[valueKey] : undefined,
  ]);
  const own = headersOf(Object.fromEntries(values));
  if (!isRecord(datadog)) return own;
  const { [valueKey]: text, BinaryValue, binaryValue } = datadog;
  return { ...headersOfDatadog(text ?? BinaryValue ?? binaryValue), ...own };
}

/** The headers of an event or input: those of Clew, or those that other senders have put beside its members. */
export function headersOfDetail(detail: unknown): ReceivedHeaders {
  if (!isRecord(detail)) return {};
  const own = detail[CONTEXT_KEY];
  if (isRecord(own)) return headersOf(own);
  if (isRecord(detail[DATADOG_KEY])) return headersOf(detail[DATADOG_KEY]);
  const beside = pick(detail, propagation.fields());
  // An application may have a member `baggage`, or another one of these names, that is something else.
  const hasTrace = Object.entries(beside).some(
    ([name, value]) => name !== 'baggage' && typeof value === 'string',
  );
  return hasTrace ? headersOf(beside) : {};
}

/** Reads headers. Anyone may have written them: they may have any type. */
export function headersOf(values: unknown): ReceivedHeaders {
  if (!isRecord(values)) return {};
  const headers: Record<string, string | string[]> = {};
  const fields = propagation.fields();
  const entries = Object.entries(values);
  if (entries.length > MAX_HEADERS) countDropped('aws message', 'too many headers');
  for (const [name, value] of entries.slice(0, MAX_HEADERS)) {
    const key = name.toLowerCase();
    const isText =
      typeof value === 'string' || (Array.isArray(value) && value.every((one) => typeof one === 'string'));
    if (isText && value.length <= MAX_HEADER_CHARS) headers[key] = value;
    else if (fields.includes(key))
      countDropped('aws message', isText ? 'huge header' : 'header is not a text');
  }
  return headers;
}

/** The headers of dd-trace: JSON as text, as bytes, or as base64, in which Lambda and notifications have bytes. */
function headersOfDatadog(value: unknown): ReceivedHeaders {
  const given = value instanceof Uint8Array ? Buffer.from(value).toString() : value;
  if (typeof given !== 'string' || given.length > MAX_HEADER_CHARS) return {};
  try {
    return headersOf(JSON.parse(given.startsWith('{') ? given : Buffer.from(given, 'base64').toString()));
  } catch {
    countDropped('aws message', 'malformed _datadog');
    return {};
  }
}

/** SNS wraps a message, and EventBridge an event: their texts start with a constant. */
const NOTIFICATION = /^\{\s*"Type"\s*:\s*"Notification"/;
const EVENT = /^\{\s*"version"\s*:\s*"0"/;

function headersOfBody(body: unknown): ReceivedHeaders {
  if (typeof body !== 'string') return {};
  const isNotification = NOTIFICATION.test(body) && body.includes('"MessageAttributes"');
  const isEvent = !isNotification && EVENT.test(body) && body.includes('"detail"');
  if (!isNotification && !isEvent) return {};
  if (body.length > MAX_BODY_CHARS) {
    countDropped('aws message', 'huge body');
    return {};
  }
  try {
    const { MessageAttributes, detail } = JSON.parse(body) as Fields;
    return isNotification ? headersOfAttributes(MessageAttributes, 'Value') : headersOfDetail(detail);
  } catch {
    countDropped('aws message', 'malformed notification');
    return {};
  }
}

function pick(values: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(
    names.filter((name) => Object.hasOwn(values, name)).map((name) => [name, values[name]]),
  );
}
