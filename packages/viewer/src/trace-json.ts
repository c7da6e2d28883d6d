import type { StatementSync } from 'node:sqlite';
import type { LogRow } from './log-store.ts';
import { joinJson } from './span-json.ts';

/** A span as stored, with its identity within the trace. */
export interface SpanRow {
  readonly id: string;
  readonly kind: string;
  readonly body: string;
  readonly origin: string;
}

/** Spans or log records in the first part, and in any. */
const FIRST_PART = 10;
const MAX_PART = 500;
/** After a longer part, the next one has fewer: a span may have megabytes. */
const LONG_PART = 1_000_000;

/** The selections that `traceJsonParts` reads. */
export interface TraceSelections {
  /** Selects spans of a trace id after an id and a kind, up to a number. */
  readonly spans: StatementSync;
  /** Returns log records of a trace id after a number, up to a number. */
  readonly logs: (traceId: string, after: number, limit: number) => readonly LogRow[];
}

/**
 * Yields a trace in the query API's format, in parts of a few milliseconds of work, up to `limit` spans; nothing for an
 * unknown trace. Log records follow the spans.
 */
export function* traceJsonParts(
  select: TraceSelections,
  traceId: string,
  limit: number,
): Generator<string, void> {
  let [id, kind, separator] = ['', '', `{"traceId":${JSON.stringify(traceId)},"spans":[`];
  const spans = partsOf(limit, (count) => {
    const rows = select.spans.all(traceId, id, kind, count) as unknown as SpanRow[];
    const last = rows.at(-1);
    if (last !== undefined) [id, kind] = [last.id, last.kind];
    return rows;
  });
  for (const part of spans) {
    yield separator + part;
    separator = ',';
  }
  if (separator !== ',') return;
  separator = '],"logs":[';
  let number = 0;
  const logs = partsOf(Number.POSITIVE_INFINITY, (count) => {
    const rows = select.logs(traceId, number, count);
    number = rows.at(-1)?.number ?? number;
    return rows;
  });
  for (const part of logs) {
    yield separator + part;
    separator = ',';
  }
  yield ']}';
}

/** Yields the JSON of rows, separated by commas. */
function* partsOf(
  limit: number,
  next: (count: number) => readonly { readonly body: string; readonly origin: string }[],
): Generator<string, void> {
  let left = limit;
  let size = FIRST_PART;
  while (left > 0) {
    const count = Math.min(size, left);
    const rows = next(count);
    if (rows.length > 0) {
      const part = rows.map(({ body, origin }) => joinJson(body, origin)).join(',');
      size = part.length > LONG_PART ? Math.max(1, size >> 2) : Math.min(MAX_PART, size << 1);
      yield part;
    }
    if (rows.length < count) break;
    left -= count;
  }
}
