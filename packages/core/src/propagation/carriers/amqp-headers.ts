import { Buffer } from 'node:buffer';
import type { TextMapGetter } from '@opentelemetry/api';
import type { CarrierWriter } from '../inject.ts';

/** The headers of an AMQP message: a table of texts, bytes, numbers, tables; or nothing. */
export type AmqpHeaders = Readonly<Record<string, unknown>> | null | undefined;

/** AMQP keeps the case of names, and these have been written with capitals ever since. All begin with `x-`. */
const SPELLED: ReadonlyMap<string, string> = new Map(
  [
    'X-B3-TraceId',
    'X-B3-SpanId',
    'X-B3-Sampled',
    'X-B3-Flags',
    'X-Amzn-Trace-Id',
    'X-Cloud-Trace-Context',
    'X-Trace-Info',
    'X-Trace-HMAC',
  ].map((name) => [name.toLowerCase(), name]),
);

/** More bytes than any format reads are not made a text, and longer lists are not read. */
const MAX_BYTES = 65_536;
const MAX_LISTED = 64;

/** Reads a message's headers as texts; a table, a date or a number too long to be exact is none. */
export const amqpHeadersGetter: TextMapGetter<AmqpHeaders> = {
  get(headers, name) {
    if (headers === null || headers === undefined) return undefined;
    const value = ownValue(headers, name);
    if (value !== undefined) return value;
    const spelled = name.startsWith('x-') ? SPELLED.get(name) : undefined;
    return spelled === undefined ? undefined : ownValue(headers, spelled);
  },
  keys: (headers) => (headers === null || headers === undefined ? [] : Object.keys(headers)),
};

/**
 * Writes headers into a table of our own: the application's is copied first, or is the prototype of the table. An
 * `undefined` value stands for a header that is removed, as in AMQP encoders.
 */
export const amqpHeadersWriter: CarrierWriter<Record<string, unknown>> = {
  set: put,
  isEmpty(headers) {
    for (const _ in headers) return false;
    return true;
  },
  has: (headers, name) => headers[name] !== undefined || headers[spellingOf(name)] !== undefined,
  remove(headers, name) {
    for (const each of [name, spellingOf(name)]) if (each in headers) put(headers, each, undefined);
  },
  names(headers) {
    const names: string[] = [];
    for (const name in headers) if (headers[name] !== undefined) names.push(name);
    return names;
  },
};

function spellingOf(name: string): string {
  return name.startsWith('x-') ? (SPELLED.get(name) ?? name) : name;
}

/** What is frozen in a table's prototype can't be assigned. */
function put(headers: Record<string, unknown>, name: string, value: string | undefined): void {
  if (name in headers)
    Object.defineProperty(headers, name, { value, enumerable: true, writable: true, configurable: true });
  else headers[name] = value;
}

function ownValue(headers: Readonly<Record<string, unknown>>, name: string): string | string[] | undefined {
  const value = headers[name];
  if (typeof value === 'string') return value;
  if (value === undefined || !Object.hasOwn(headers, name)) return undefined;
  if (!Array.isArray(value)) return textOf(value, name);
  if (value.length > MAX_LISTED) return undefined;
  const texts = value.map((item) => textOf(item, name));
  return texts.every((text) => text !== undefined) ? texts : undefined;
}

/** Python's clients write text as bytes; what is binary by its name is base64 in a text. */
function textOf(value: unknown, name: string): string | undefined {
  if (typeof value === 'string') return value;
  if (Buffer.isBuffer(value)) {
    if (value.length > MAX_BYTES) return undefined;
    return value.toString(name.endsWith('-bin') ? 'base64' : 'utf8');
  }
  if (typeof value === 'boolean' || typeof value === 'bigint' || Number.isSafeInteger(value))
    return String(value);
  return undefined;
}
