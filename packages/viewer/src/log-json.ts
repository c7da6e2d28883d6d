import type { LogRecord } from './log-record.ts';
import { replaceValue } from './span-json.ts';

/** Formats a log record as JSON without its resource and scope, as stored in one row. */
export function logToJson({ resource, scope, ...log }: LogRecord): string {
  return JSON.stringify(log, replaceValue);
}

/** Converts the parsed JSON of a log record, with its resource and scope, back to a record. */
export function logFromJson(json: LogJson): LogRecord {
  return { ...json, timeUnixNano: BigInt(json.timeUnixNano) };
}

/** A log record as returned by the query API. */
export type LogJson = Omit<LogRecord, 'timeUnixNano'> & { readonly timeUnixNano: string };
