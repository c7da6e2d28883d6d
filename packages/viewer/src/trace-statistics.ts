import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { type Operation, type ServiceMap, ServiceStatistics } from './service-map.ts';
import type { Trace } from './span-record.ts';
import type { TraceQuery, TraceStore } from './store.ts';
import { traceFromJson } from './trace-from-json.ts';
import type { TraceSummary } from './trace-summary.ts';

/** The services of traces, the calls between them, and all operations. */
export interface TraceStatistics extends ServiceMap {
  readonly operations: readonly Operation[];
}

/** Larger traces do not count in statistics: reading one would delay others. */
const MAX_TRACE_SPANS = 2000;
/** Neither do those whose JSON is longer. */
const MAX_TRACE_CHARS = 4_000_000;
/** Further traces do not count in statistics: each duration needs memory. */
const MAX_SPANS = 1_000_000;

/**
 * Makes statistics of the traces that a query finds. The work is done in parts, so that other requests proceed, and ends early if
 * the client has left.
 */
export async function traceStatistics(
  query: TraceQuery,
  store: TraceStore,
  hasLeft?: () => boolean,
): Promise<TraceStatistics> {
  const statistics = new ServiceStatistics();
  let left = MAX_SPANS;
  for await (const { traceId, spans } of findTraces(query, store, hasLeft)) {
    if (spans > MAX_TRACE_SPANS) continue;
    left -= spans;
    if (left < 0) break;
    const trace = await smallTrace(traceId, store);
    if (trace !== undefined) statistics.add(trace.spans);
  }
  return { ...statistics.map(), operations: statistics.operations() };
}

/** Reads a trace, unless its JSON is long. */
async function smallTrace(traceId: string, store: TraceStore): Promise<Trace | undefined> {
  let json = '';
  for (const part of store.traceJsonParts(traceId, MAX_TRACE_SPANS, false)) {
    json += part;
    if (json.length > MAX_TRACE_CHARS) return undefined;
    await yieldToEventLoop();
  }
  return json === '' ? undefined : traceFromJson(json);
}

/** Finds traces, newest first, up to the limit of the query, or until the client has left. */
export async function* findTraces(
  query: TraceQuery,
  store: TraceStore,
  hasLeft = () => false,
): AsyncGenerator<TraceSummary> {
  let found = 0;
  for (const summary of store.search(query)) {
    if (hasLeft()) return;
    if (summary === undefined) await yieldToEventLoop();
    else {
      yield summary;
      if (++found === query.limit) return;
    }
  }
}
