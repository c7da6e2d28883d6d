import type { LogRecord } from './log-record.ts';
import type { Trace } from './span-record.ts';
import { valueText } from './span-text.ts';
import type { Row } from './trace-layout.ts';

/**
 * The log records of a trace by the row of their span, in chronological order. Records of the trace as a whole, and of
 * spans that are missing, are in the first row.
 */
export function logsByRow({ logs = [] }: Trace, rows: readonly Row[]): ReadonlyMap<number, LogRecord[]> {
  const rowsById = new Map<string, number>();
  for (const [index, { span }] of rows.entries())
    if (!rowsById.has(span.spanId)) rowsById.set(span.spanId, index);
  const byRow = new Map<number, LogRecord[]>();
  const inOrder = logs.toSorted((a, b) => Number(a.timeUnixNano - b.timeUnixNano));
  for (const record of inOrder) {
    const row = rowsById.get(record.spanId) ?? 0;
    const records = byRow.get(row);
    if (records === undefined) byRow.set(row, [record]);
    else records.push(record);
  }
  return byRow;
}

/** The message of a record; for an event without one, its name. Not yet printable. */
export function messageOf({ body, eventName }: LogRecord): string {
  const message = body === null ? '' : valueText(body);
  if (eventName === '') return message;
  return message === '' ? eventName : `${eventName}: ${message}`;
}
