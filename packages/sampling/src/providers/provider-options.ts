import type { Buffer } from 'node:buffer';
import { URL } from 'node:url';
import { expectFit } from '@clew/core/internal';
import { LIMITS } from '../limits.ts';
import type { TlsOptions } from './http-exchange.ts';

/** The options of every provider that polls a server over HTTP. */
export interface RemoteOptions {
  /** Sent with every request, such as `authorization`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Milliseconds between two polls, ±10 %: [10, 86400000]. The default depends on the protocol. */
  readonly intervalMs?: number | undefined;
  /** Timeout of one request in milliseconds: [10, 600000], default 10000. */
  readonly timeoutMs?: number | undefined;
  /** Certificate authorities to trust instead of Node's, PEM. */
  readonly ca?: string | Buffer | readonly (string | Buffer)[] | undefined;
  /** Client certificate, PEM. */
  readonly cert?: string | Buffer | undefined;
  /** Private key of the client certificate, PEM. */
  readonly key?: string | Buffer | undefined;
}

/** The options with their defaults. */
export interface ResolvedRemoteOptions {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly tls: TlsOptions;
}

/** The largest set of rules, in bytes. */
export const MAX_SET_BYTES = LIMITS.document;

const OWNER = '@clew/sampling';
const REMOTE_KEYS: readonly (keyof RemoteOptions)[] = [
  'headers',
  'intervalMs',
  'timeoutMs',
  'ca',
  'cert',
  'key',
];
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: RFC 9110 forbids these in a header value
const HEADER_VALUE = /^[^\x00-\x08\x0a-\x1f\x7f]*$/;

/**
 * Fills in the defaults.
 *
 * @param provider the name of the option in errors, such as `jaeger`
 * @param keys the other options of this provider
 * @throws TypeError for an invalid value
 */
export function resolveRemoteOptions(
  provider: string,
  url: string,
  given: RemoteOptions,
  defaultIntervalMs: number,
  keys: readonly string[],
): ResolvedRemoteOptions {
  expectKeys(provider, given, [...keys, ...REMOTE_KEYS]);
  const { ca, cert, key } = given;
  return {
    url: httpUrl(`${provider}.url`, url),
    headers: headersOf(`${provider}.headers`, given.headers ?? {}),
    intervalMs: milliseconds(`${provider}.intervalMs`, given.intervalMs, [10, 86_400_000], defaultIntervalMs),
    timeoutMs: milliseconds(`${provider}.timeoutMs`, given.timeoutMs, [10, 600_000], 10_000),
    tls: { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) },
  };
}

/** Throws a TypeError unless the options are an object with these keys only. */
export function expectKeys(provider: string, given: object, keys: readonly string[]): void {
  expectFit(OWNER, typeof given === 'object' && given !== null, `${provider} to be an object`, given);
  const unknown = Object.keys(given).find((key) => !keys.includes(key));
  expectFit(OWNER, unknown === undefined, `${provider} to have only the keys ${keys.join(', ')}`, unknown);
}

/** An integer within the bounds, or the default for `undefined`; throws a TypeError for anything else. */
export function milliseconds(
  name: string,
  value: number | undefined,
  [min, max]: readonly [number, number],
  defaultValue: number,
): number {
  const ms = value ?? defaultValue;
  expectFit(OWNER, Number.isInteger(ms) && ms >= min && ms <= max, `${name} in [${min}, ${max}]`, value);
  return ms;
}

/** Throws a TypeError unless the value is a text with at least one character. */
export function expectText(name: string, value: unknown): asserts value is string {
  expectFit(OWNER, typeof value === 'string' && value !== '', `${name} to be a text`, value);
}

/** The URL without credentials and query, for logs. */
export function displayUrl(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

function httpUrl(name: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const fits = url?.protocol === 'http:' || url?.protocol === 'https:';
  expectFit(OWNER, fits, `${name} to be an http or https URL`, text);
  return url!;
}

/** Lower-cases names, so that no header is sent twice. Errors never include values, which may be secret. */
function headersOf(option: string, given: Readonly<Record<string, string>>): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    expectFit(OWNER, HEADER_NAME.test(name), `${option} to have valid names`, name);
    const fits = typeof value === 'string' && HEADER_VALUE.test(value);
    expectFit(OWNER, fits, `${option}["${name}"] to be one line of text`, typeof value);
    headers[name.toLowerCase()] = value;
  }
  return headers;
}
