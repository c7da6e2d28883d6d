import { Buffer } from 'node:buffer';
import { aws, type CarrierWriter, countDropped, messaging } from '@clew/core/plugin';
import { type Context, propagation } from '@opentelemetry/api';
import { type Fields, isRecord } from '../sdk.ts';
import { Room } from './room.ts';

const { CONTEXT_KEY } = aws;

/** The maximum of a client context in base64. Source: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html */
const MAX_CLIENT_CONTEXT_CHARS = 3583;

const headersWriter: CarrierWriter<Record<string, unknown>> = {
  isEmpty: (headers) => Object.keys(headers).length === 0,
  names: (headers) => Object.keys(headers),
  has: (headers, name) => keysOf(headers, name).length > 0,
  remove(headers, name) {
    for (const key of keysOf(headers, name)) delete headers[key];
  },
  set(headers, name, value) {
    for (const key of keysOf(headers, name)) delete headers[key];
    headers[name] = value;
  },
};

const inject = messaging.injector(headersWriter);

/** Returns an invocation of a function with the headers of a context in its client context. */
export function withClientContext(input: Fields, current: Context): Fields {
  const { ClientContext: given } = input;
  const text = given === undefined ? '{}' : Buffer.from(String(given), 'base64').toString();
  const parsed = parseObject(text);
  const custom = parsed?.custom ?? {};
  if (parsed === undefined || !isRecord(custom)) {
    countDropped('client context', 'the context of the application is not an object');
    return input;
  }
  const ClientContext = withOrWithoutBaggage('client context', current, (context) => {
    const headers = { ...custom };
    inject(context, headers);
    const json = JSON.stringify({ ...parsed, custom: headers });
    const encoded = Buffer.from(json).toString('base64');
    return encoded.length <= MAX_CLIENT_CONTEXT_CHARS ? encoded : undefined;
  });
  return ClientContext === undefined ? input : { ...input, ClientContext };
}

/**
 * Returns the JSON text of an object with the headers of a context as its first member. Returns the text itself if it is
 * not an object, or if there is no room. The text of all other members stays as it is, because `JSON.parse` would
 * change large numbers.
 */
export function withContextMember(text: string, current: Context, rooms: readonly Room[]): string {
  const start = /^\s*\{/.exec(text)?.[0];
  if (start === undefined) return text;
  let rest = text.slice(start.length);
  if (text.includes(CONTEXT_KEY)) {
    const parsed = parseObject(text);
    if (parsed === undefined) return text;
    if (Object.hasOwn(parsed, CONTEXT_KEY)) {
      const { [CONTEXT_KEY]: _older, ...others } = parsed;
      rest = JSON.stringify(others).slice(1);
    }
  }
  const separator = /^\s*\}/.test(rest) ? '' : ',';
  const written = withOrWithoutBaggage('event', current, (context) => {
    const headers: Record<string, unknown> = {};
    inject(context, headers);
    const member = `"${CONTEXT_KEY}":${JSON.stringify(headers)}${separator}`;
    return Room.take(rooms, Buffer.byteLength(member)) ? `${start}${member}${rest}` : undefined;
  });
  return written ?? text;
}

/** Writes a context; if it does not fit, the same without its baggage. */
function withOrWithoutBaggage(
  name: string,
  current: Context,
  write: (context: Context) => string | undefined,
): string | undefined {
  const probe: Record<string, unknown> = {};
  inject(current, probe);
  if (Object.keys(probe).length === 0) return undefined;
  const written = write(current);
  if (written !== undefined) return written;
  const without = propagation.deleteBaggage(current);
  const smaller = propagation.getBaggage(current) === undefined ? undefined : write(without);
  countDropped(
    name,
    smaller === undefined ? 'outgoing context does not fit' : 'outgoing baggage does not fit',
  );
  return smaller;
}

/** The object of a JSON text that is read and written again; `undefined` if it can't be, without a loss. */
function parseObject(text: string): Record<string, unknown> | undefined {
  // A number with more digits than a double has.
  if (/[:[,]\s*-?[\d.]{16}/.test(text)) return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    return isRecord(parsed) ? { ...parsed } : undefined;
  } catch {
    return undefined;
  }
}

function keysOf(headers: Record<string, unknown>, name: string): string[] {
  const lower = name.toLowerCase();
  return Object.keys(headers).filter((key) => key.toLowerCase() === lower);
}
