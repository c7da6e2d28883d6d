import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import { RequestError } from './http-body.ts';
import type { TraceQuery, TraceStore } from './store.ts';

/**
 * `GET /api/traces` and `GET /api/traces/{trace id or its first 4 or more digits}`; responds 404 to everything
 * else.
 */
export function respondToQuery(
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
  store: TraceStore,
): void {
  try {
    send(response, 200, query(url, request, store));
  } catch (error) {
    const status = error instanceof RequestError ? error.status : 500;
    send(response, status, JSON.stringify({ error: (error as Error).message }));
  }
}

function query(url: URL, request: IncomingMessage, store: TraceStore): string {
  const [, id] = /^\/api\/traces(?:\/([^/]*))?$/.exec(url.pathname) ?? [];
  if (!/^\/api\/traces(\/|$)/.test(url.pathname)) throw new RequestError(404, 'not found');
  if (request.method !== 'GET') throw new RequestError(405, `expected GET, got ${request.method}`);
  if (!isLiteralHost(request.headers.host))
    throw new RequestError(403, 'expected an IP address or localhost in Host');
  if (id === undefined) return JSON.stringify({ traces: store.traces(traceQuery(url.searchParams)) });
  return store.traceJson(fullId(id, store)) ?? JSON.stringify({ error: 'not found' });
}

/** Whether a Host header is an IP address or localhost, and thus not a name that DNS rebinding can use. */
export function isLiteralHost(host = ''): boolean {
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return isIP(name) !== 0 || name === 'localhost' || name.endsWith('.localhost');
}

function fullId(prefix: string, store: TraceStore): string {
  if (!/^[0-9a-f]{4,32}$/i.test(prefix))
    throw new RequestError(400, 'expected 4 to 32 hex digits of a trace id');
  const [id, another] = store.ids(prefix.toLowerCase());
  if (id === undefined) throw new RequestError(404, `no trace ${prefix}`);
  if (another !== undefined) throw new RequestError(409, `more than one trace starts with ${prefix}`);
  return id;
}

function traceQuery(parameters: URLSearchParams): TraceQuery {
  const service = parameters.get('service');
  return {
    ...(service && { service }),
    limit: Math.floor(number(parameters, 'limit', 20, 1, 10_000)),
    minDurationMs: number(parameters, 'minDurationMs', 0, 0, Number.MAX_SAFE_INTEGER),
    errors: parameters.get('errors') === '1',
  };
}

function number(
  parameters: URLSearchParams,
  name: string,
  fallback: number,
  min: number,
  max: number,
): number {
  const text = parameters.get(name);
  const value = text === null ? fallback : text.trim() === '' ? Number.NaN : Number(text);
  if (value >= min && value <= max) return value;
  throw new RequestError(400, `expected ${name} in [${min}, ${max}], got ${JSON.stringify(text)}`);
}

function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(body);
}
