import { Buffer } from 'node:buffer';
import { type CarrierWriter, guard } from '@clew/core/plugin';
import type { TextMapGetter } from '@opentelemetry/api';
import type { Outbound } from './outbound.ts';
import type { Headers, Message, Serializer } from './platformatic-kafka.ts';

/** Reads headers, which the application's deserializers may have left as bytes. */
export const headersGetter: TextMapGetter<ReadonlyMap<unknown, unknown>> = {
  keys: (headers) => [...headers.keys()].map(String),
  get(headers, name) {
    for (const [key, value] of headers)
      if (isName(key, name))
        return typeof value === 'string' || Buffer.isBuffer(value) ? String(value) : undefined;
    return undefined;
  },
};

/** Writes into copies: the application may send its messages again. */
export const headersWriter: CarrierWriter<Outbound> = {
  isEmpty: ({ messages }) => messages.every(({ headers }) => entriesOf(headers).length === 0),
  has: ({ messages }, name) =>
    messages.some(({ headers }) => entriesOf(headers).some(([key]) => isName(key, name))),
  names: ({ messages }) => [
    ...new Set(messages.flatMap(({ headers }) => entriesOf(headers).map(([key]) => String(key)))),
  ],
  remove(outbound, name) {
    for (const headers of copiedHeaders(outbound)) removeFrom(headers, name);
  },
  set(outbound, name, value) {
    const { encoders } = outbound;
    if (encoders === undefined) return;
    for (const headers of copiedHeaders(outbound)) {
      removeFrom(headers, name);
      headers.set(encoders.key(name), encoders.value(value));
    }
  },
};

/**
 * What to pass to a serializer of the application, so that it writes a text as it is: the text, or its bytes. `undefined`
 * if it writes neither as it is, as a serializer of JSON does.
 */
export function encoderFor(serializer: Serializer | undefined): ((text: string) => unknown) | undefined {
  if (serializer === undefined) return (text) => Buffer.from(text);
  const known = encoders.get(serializer);
  if (known !== undefined) return known.encode;
  const encode = [String, (text: string) => Buffer.from(text)].find(
    (each) => guard('a serializer', () => isText(serializer(each(PROBE)))) === true,
  );
  encoders.set(serializer, { encode });
  return encode;
}

const PROBE = 'traceparent';
const encoders = new WeakMap<Serializer, { readonly encode: ((text: string) => unknown) | undefined }>();

function isText(serialized: unknown): boolean {
  return Buffer.isBuffer(serialized) && serialized.toString() === PROBE;
}

function isName(key: unknown, name: string): boolean {
  return String(key).toLowerCase() === name.toLowerCase();
}

function entriesOf(headers: Headers | undefined): readonly (readonly [unknown, unknown])[] {
  return headers instanceof Map ? [...headers] : Object.entries(headers ?? {});
}

function removeFrom(headers: Map<unknown, unknown>, name: string): void {
  for (const key of headers.keys()) if (isName(key, name)) headers.delete(key);
}

function copiedHeaders(outbound: Outbound): Map<unknown, unknown>[] {
  if (!outbound.isCopy) {
    outbound.messages = outbound.messages.map(copyOf);
    outbound.isCopy = true;
  }
  return outbound.messages.map(({ headers }) => headers as Map<unknown, unknown>);
}

/** What the library reads from a message. A message of a class may inherit or compute it. */
const READ = ['topic', 'key', 'value', 'partition', 'timestamp', 'metadata'] as const;

function copyOf(message: Message): Message {
  const headers = new Map(entriesOf(message.headers));
  if (Object.getPrototypeOf(message) === Object.prototype) return { ...message, headers };
  const read = READ.filter((name) => name in message).map(
    (name) => [name, Reflect.get(message, name)] as const,
  );
  return { ...message, ...Object.fromEntries(read), headers };
}
