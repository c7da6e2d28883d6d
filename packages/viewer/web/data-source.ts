import type { Operation, ServiceMap } from '../src/service-map.ts';
import type { Trace } from '../src/span-record.ts';
import { filterToParameters, type TraceFilter } from '../src/trace-filter.ts';
import { traceFromJson } from '../src/trace-from-json.ts';
import type { TraceSummary } from '../src/trace-summary.ts';

/** Larger traces are cut: a browser has no memory for more. */
export const MAX_SPANS = 100_000;

/** A list of traces, newest first. */
export interface TraceList {
  readonly traces: readonly TraceSummary[];
  /** The `before` of the next part; `undefined` at the end. */
  readonly next?: number;
}

/** A service map with the operations of the same traces. */
export interface Statistics extends ServiceMap {
  readonly operations: readonly Operation[];
}

/** An exported page contains one trace; otherwise the collector that served the page is asked. */
export function embeddedTrace(): Trace | undefined {
  const text = document.getElementById('data')?.textContent ?? '';
  return text.trim() === '' ? undefined : traceFromJson(text);
}

/** Asks for traces; `undefined` if nothing has changed since the response with this tag. */
export async function fetchTraces(
  filter: TraceFilter,
  limit: number,
  tag?: string,
): Promise<{ readonly list: TraceList; readonly tag: string } | undefined> {
  const parameters = filterToParameters(filter);
  parameters.set('limit', String(limit));
  const headers = tag === undefined ? {} : { 'if-none-match': tag };
  const response = await ask(`api/traces?${parameters}`, headers);
  if (response.status === 304) return undefined;
  return { list: await response.json(), tag: response.headers.get('etag') ?? '' };
}

/** Asks for one trace, by its id or the first digits of it. */
export async function fetchTrace(id: string): Promise<Trace> {
  const response = await ask(`api/traces/${encodeURIComponent(id)}?limit=${MAX_SPANS}`);
  return traceFromJson(await response.text());
}

/** Asks for the statistics of the last 500 traces. */
export async function fetchStatistics(filter: TraceFilter): Promise<Statistics> {
  return (await ask(`api/statistics?${filterToParameters(filter)}`)).json();
}

async function ask(path: string, headers: HeadersInit = {}): Promise<Response> {
  const response = await fetch(path, { headers, cache: 'no-store' }).catch(() => {
    throw new Error('the collector does not respond');
  });
  if (response.ok || response.status === 304) return response;
  const { error } = await response.json().catch(() => ({}));
  throw new Error(typeof error === 'string' ? error : `HTTP ${response.status}`);
}
