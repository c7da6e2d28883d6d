import type { CarrierWriter } from '@clew/core/plugin';
import type { TextMapGetter } from '@opentelemetry/api';
import type { HeadersFactory, MsgHeaders } from './nats.ts';
import type { Outbound } from './nats-view.ts';

/** Reads headers. Their names are case-insensitive. */
export const headersGetter: TextMapGetter<MsgHeaders | undefined> = {
  keys: (headers) => headers?.keys() ?? [],
  get(headers, name) {
    const key = headers?.keys().find((each) => each.toLowerCase() === name);
    const values = key === undefined ? [] : (headers?.values(key) ?? []);
    return values.length > 1 ? values : values[0];
  },
};

/** Writes into a copy: the application may use its headers for other messages. */
export function headersWriter(newHeaders: () => HeadersFactory | undefined): CarrierWriter<Outbound> {
  const copied = (message: Outbound): MsgHeaders | undefined => {
    if (!message.isCopy) message.headers = copyOf(message.headers, newHeaders());
    message.isCopy = true;
    return message.headers;
  };
  const keysOf = ({ headers }: Outbound, name: string) =>
    headers?.keys().filter((key) => key.toLowerCase() === name) ?? [];
  return {
    isEmpty: ({ headers }) => headers === undefined || headers.keys().length === 0,
    has: (message, name) => keysOf(message, name).length > 0,
    names: ({ headers }) => headers?.keys() ?? [],
    remove(message, name) {
      for (const key of keysOf(message, name.toLowerCase())) copied(message)?.delete(key);
    },
    set(message, name, value) {
      for (const key of keysOf(message, name.toLowerCase())) copied(message)?.delete(key);
      copied(message)?.set(name, value);
    },
  };
}

function copyOf(given: MsgHeaders | undefined, create: HeadersFactory | undefined): MsgHeaders | undefined {
  if (given === undefined) return create?.();
  const Headers = given.constructor as new (code: number, description: string) => MsgHeaders;
  const copy = new Headers(given.code, given.description);
  for (const key of given.keys()) for (const value of given.values(key)) copy.append(key, value);
  return copy;
}
