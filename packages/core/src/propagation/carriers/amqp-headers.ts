import { Buffer } from 'node:buffer';
import type { TextMapGetter } from '@opentelemetry/api';
import type { CarrierWriter } from '../inject.ts';

/** The headers of an AMQP message: a table of strings, bytes, numbers and tables; may be missing. */
export type AmqpHeaders = Readonly<Record<string, unknown>> | null | undefined;

/** AMQP keeps the case of names, and peers write these names with capitals. All begin with `x-`. */
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

/** Longer byte arrays and lists are ignored: no format reads that much. */
const MAX_BYTES = 65_536;
const MAX_LISTED = 64;

/** Reads a message's headers as strings; tables, dates and numbers beyond the safe integers are `undefined`. */
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
 * Writes headers into a new table, which is a copy of the application's table or inherits from it. A removed header has
 * the value `undefined`, which AMQP encoders skip.
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

/** `defineProperty`, because assigning fails if the property of the prototype is read-only. */
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

/** Python's clients write text as bytes. Values of names that end in `-bin` are binary and become base64. */
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
