import type { Attributes, Span } from '@opentelemetry/api';
import { ATTR } from '../semconv.ts';

const KNOWN_METHODS = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
  'QUERY',
]);

/**
 * Query parameters whose values are replaced with `REDACTED`: the default of the semantic conventions, and the parameters of
 * a signed URL of AWS.
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html
 */
export const REDACTED_QUERY_PARAMS: readonly string[] = [
  'AWSAccessKeyId',
  'Signature',
  'sig',
  'X-Goog-Signature',
  'X-Amz-Credential',
  'X-Amz-Security-Token',
  'X-Amz-Signature',
];

/** The method as a low-cardinality name: `HTTP` for an unknown method. */
export function methodName(method: string): string {
  return KNOWN_METHODS.has(method) ? method : 'HTTP';
}

/** `http.request.method`: `_OTHER` for an unknown method. */
export function conventionalMethod(method: string): string {
  return KNOWN_METHODS.has(method) ? method : '_OTHER';
}

/** Sets `http.request.method`; for an unknown method `_OTHER`, with the original in `http.request.method_original`. */
export function addMethod(attributes: Attributes, method: string): void {
  if (KNOWN_METHODS.has(method)) {
    attributes[ATTR.httpRequestMethod] = method;
  } else {
    attributes[ATTR.httpRequestMethod] = '_OTHER';
    attributes[ATTR.httpRequestMethodOriginal] = method.slice(0, 64);
  }
}

/** Replaces the values of the named parameters in a query string (without its `?`). */
export function redactQuery(query: string, names: readonly string[]): string {
  if (!names.some((name) => query.includes(name))) return query;
  return query
    .split('&')
    .map((pair) => {
      const name = pair.slice(0, Math.max(pair.indexOf('='), 0));
      return names.includes(name) ? `${name}=REDACTED` : pair;
    })
    .join('&');
}

/** The parts of a request target: path with query, and the origin if it has the absolute form, which proxies receive. */
export interface TargetParts {
  readonly origin: string | undefined;
  readonly path: string;
}

/** Splits a request target. Source: https://www.rfc-editor.org/rfc/rfc9112#section-3.2 */
export function splitTarget(target: string): TargetParts {
  const absolute = target.startsWith('/') ? null : /^([a-z][a-z\d+.-]*:\/\/)([^/?#]*)/i.exec(target);
  if (absolute === null) return { origin: undefined, path: target };
  const [whole, scheme, authority = ''] = absolute;
  const path = target.slice(whole.length);
  // Everything before the host is credentials.
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  return { origin: `${scheme}${host}`, path: path.startsWith('/') ? path : `/${path}` };
}

/** The path of a request target in origin form, without its query. */
export function withoutQuery(target: string): string {
  const mark = target.indexOf('?');
  return mark < 0 ? target : target.slice(0, mark);
}

/** The URL without its fragment and with a redacted query, cut at 4,096 characters. */
export function redactUrl(origin: string, target: string, names: readonly string[]): string {
  const end = target.indexOf('#');
  const bare = end < 0 ? target : target.slice(0, end);
  const mark = bare.indexOf('?');
  const path = mark < 0 ? bare : `${bare.slice(0, mark)}?${redactQuery(bare.slice(mark + 1), names)}`;
  return `${origin}${path}`.slice(0, 4096);
}

/** The parts of a host. */
export interface HostParts {
  readonly address: string;
  readonly port: number | undefined;
}

let last: { readonly host: string; readonly parts: HostParts } | undefined;

/**
 * Splits `host:port`, `[::1]:port` or `host`; an invalid port becomes `undefined`. Caches the last result, because nearly
 * all requests to a server have the same host.
 */
export function splitHost(host: string): HostParts {
  if (last?.host !== host) last = { host, parts: partsOf(host) };
  return last.parts;
}

function partsOf(host: string): HostParts {
  const colon = host.lastIndexOf(':');
  if (colon < 0 || host.endsWith(']') || (host.indexOf(':') !== colon) !== host.startsWith('[')) {
    return { address: host.startsWith('[') ? host.slice(1, -1) : host, port: undefined };
  }
  const text = host.slice(colon + 1);
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  const address = host.startsWith('[') ? host.slice(1, colon - 1) : host.slice(0, colon);
  return { address, port: port > 0 && port < 65536 ? port : undefined };
}

/** Copies the named headers to `http.{request,response}.header.NAME` attributes, as lists. */
export function addHeaders(
  span: Span,
  prefix: 'http.request.header.' | 'http.response.header.',
  names: readonly string[],
  read: (name: string) => string | readonly string[] | number | undefined,
): void {
  for (const name of names) {
    const lower = name.toLowerCase();
    const value = read(lower);
    if (value === undefined) continue;
    span.setAttribute(`${prefix}${lower}`, typeof value === 'object' ? [...value] : [String(value)]);
  }
}
