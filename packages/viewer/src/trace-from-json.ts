import { logFromJson } from './log-json.ts';
import { spanFromJson } from './span-json.ts';
import type { Trace } from './span-record.ts';

/** Parses a trace in the query API's format. */
export function traceFromJson(json: string): Trace {
  const { traceId, spans, logs } = JSON.parse(json);
  return {
    traceId,
    spans: spans.map(spanFromJson),
    ...(logs !== undefined && { logs: logs.map(logFromJson) }),
  };
}
