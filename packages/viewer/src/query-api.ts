import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { RequestError } from './http-body.ts';
import type { TraceQuery, TraceStore } from './store.ts';
import { filterFromParameters, type TraceFilter } from './trace-filter.ts';
import { findTraces, traceStatistics } from './trace-statistics.ts';
import type { TraceSummary } from './trace-summary.ts';

/** Responds to `GET /api/…`, and with 404 to everything else. The work is done in parts, so that other requests are not blocked. */
export async function respondToQuery(
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
  store: TraceStore,
): Promise<void> {
  try {
    await query(url, request, response, store);
  } catch (error) {
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const status = error instanceof RequestError ? error.status : 500;
    response.writeHead(status, JSON_HEADERS).end(JSON.stringify({ error: (error as Error).message }));
  }
}

const JSON_HEADERS = {
  'content-type': 'application/json',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  // Also for older browsers, whose requests do not state the site they come from.
  'cross-origin-resource-policy': 'same-origin',
};

async function query(
  { pathname, searchParams }: URL,
  request: IncomingMessage,
  response: ServerResponse,
  store: TraceStore,
): Promise<void> {
  const [, resource, id] = /^\/api\/(traces|statistics)(?:\/([^/]*))?$/.exec(pathname) ?? [];
  if (resource === undefined || (resource === 'statistics' && id !== undefined))
    throw new RequestError(404, 'not found');
  if (request.method !== 'GET') throw new RequestError(405, `expected GET, got ${request.method}`);
  if (!isLiteralHost(request.headers.host))
    throw new RequestError(403, 'expected an IP address or localhost in Host');
  if (isFromOtherSite(request)) throw new RequestError(403, 'expected no request of another web site');
  if (id !== undefined) {
    const limit = wholeNumber('limit', searchParams.get('limit') ?? '10000000', 1, 10_000_000);
    return sendTrace(fullId(id, store), limit, response, store);
  }
  const traces = traceQuery(searchParams, resource === 'traces' ? '20' : '500');
  // The page asks again and again: nothing is sent while nothing has changed.
  const tag = `"${STARTED}-${store.version}"`;
  if (request.headers['if-none-match'] === tag) {
    response.writeHead(304, { etag: tag }).end();
    return;
  }
  const hasLeft = () => response.destroyed;
  const result =
    resource === 'traces'
      ? await list(traces, store, hasLeft)
      : await traceStatistics(traces, store, hasLeft);
  response.writeHead(200, { ...JSON_HEADERS, etag: tag }).end(JSON.stringify(result));
}

const STARTED = Date.now().toString(36);

async function list(query: TraceQuery, store: TraceStore, hasLeft: () => boolean): Promise<object> {
  const { limit } = query;
  const traces: TraceSummary[] = [];
  for await (const summary of findTraces(query, store, hasLeft)) traces.push(summary);
  const next = traces.length === limit ? traces.at(-1)?.seq : undefined;
  return { traces, ...(next !== undefined && { next }) };
}

async function sendTrace(
  id: string,
  limit: number,
  response: ServerResponse,
  store: TraceStore,
): Promise<void> {
  const parts = store.traceJsonParts(id, limit);
  const first = parts.next();
  // Another process may have removed it from the file.
  if (first.done) throw noTrace(id);
  response.writeHead(200, JSON_HEADERS).write(first.value);
  for (const part of parts) {
    if (response.destroyed) return;
    if (!response.write(part)) await once(response);
    await yieldToEventLoop();
  }
  response.end();
}

/** Resolves when a response can take more, or is closed. */
function once(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}

/** Whether a Host header is an IP address or localhost, and thus not a name that DNS rebinding can use. */
export function isLiteralHost(host = ''): boolean {
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return isIP(name) !== 0 || name === 'localhost' || name.endsWith('.localhost');
}

/** Whether another web site has made a browser send a request. https://www.w3.org/TR/fetch-metadata/ */
export function isFromOtherSite({ headers }: IncomingMessage): boolean {
  return headers['sec-fetch-site'] === 'cross-site';
}

function fullId(prefix: string, store: TraceStore): string {
  if (!/^[0-9a-f]{4,32}$/i.test(prefix))
    throw new RequestError(400, 'expected 4 to 32 hex digits of a trace id');
  const [id, another] = store.ids(prefix.toLowerCase());
  if (id === undefined) throw noTrace(prefix);
  if (another !== undefined) throw new RequestError(409, `more than one trace starts with ${prefix}`);
  return id;
}

function noTrace(id: string): RequestError {
  return new RequestError(404, `no trace ${id}`);
}

function traceQuery(parameters: URLSearchParams, defaultLimit: string): TraceQuery {
  const before = parameters.get('before');
  return {
    ...traceFilter(parameters),
    ...(before !== null && { before: wholeNumber('before', before, 1, Number.MAX_SAFE_INTEGER) }),
    limit: wholeNumber('limit', parameters.get('limit') ?? defaultLimit, 1, 10_000),
  };
}

function traceFilter(parameters: URLSearchParams): TraceFilter {
  try {
    return filterFromParameters(parameters);
  } catch (error) {
    throw new RequestError(400, (error as Error).message);
  }
}

function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = text.trim() === '' ? Number.NaN : Math.floor(Number(text));
  if (value >= min && value <= max) return value;
  throw new RequestError(400, `expected ${name} in [${min}, ${max}], got ${JSON.stringify(text)}`);
}
