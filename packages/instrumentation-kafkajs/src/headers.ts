import { Buffer } from 'node:buffer';
import type { CarrierWriter } from '@clew/core/plugin';
import type { TextMapGetter } from '@opentelemetry/api';
import { copyOf, type Headers, READ } from './kafkajs.ts';
import type { Outbound } from './outbound.ts';

/** Reads the headers of a delivered message. */
export const headersGetter: TextMapGetter<Headers | undefined> = {
  keys: (headers) => Object.keys(headers ?? {}),
  get(headers, name) {
    const [key] = keysOf(headers, name);
    const value = key === undefined ? undefined : headers?.[key];
    if (Array.isArray(value)) return value.map(String);
    return typeof value === 'string' || Buffer.isBuffer(value) ? String(value) : undefined;
  },
};

/** Writes into copies: the application may send its messages again. */
export const headersWriter: CarrierWriter<Outbound> = {
  isEmpty: ({ messages }) => messages.every(({ headers }) => Object.keys(headers ?? {}).length === 0),
  has: ({ messages }, name) => messages.some(({ headers }) => keysOf(headers, name).length > 0),
  names: ({ messages }) => [...new Set(messages.flatMap(({ headers }) => Object.keys(headers ?? {})))],
  remove(outbound, name) {
    for (const headers of copiedHeaders(outbound))
      for (const key of keysOf(headers, name)) delete headers[key];
  },
  set(outbound, name, value) {
    for (const headers of copiedHeaders(outbound)) {
      for (const key of keysOf(headers, name)) delete headers[key];
      headers[name] = value;
    }
  },
};

function keysOf(headers: Headers | undefined, name: string): string[] {
  const lowerCase = name.toLowerCase();
  return Object.keys(headers ?? {}).filter((key) => key.toLowerCase() === lowerCase);
}

function copiedHeaders(outbound: Outbound): Record<string, unknown>[] {
  if (!outbound.isCopy) {
    outbound.messages = outbound.messages.map((message) =>
      copyOf(message, READ.message, { headers: { ...message.headers } }),
    );
    outbound.isCopy = true;
  }
  return outbound.messages.map(({ headers }) => headers as Record<string, unknown>);
}
