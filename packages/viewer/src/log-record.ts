import type { Attributes, AttributeValue, Resource, Scope } from './span-record.ts';

/**
 * A log record of a trace, as in OTLP. Ids are lower-case hex.
 * https://opentelemetry.io/docs/specs/otel/logs/data-model/
 */
export interface LogRecord {
  readonly traceId: string;
  /** Empty if the record belongs to the trace as a whole. */
  readonly spanId: string;
  readonly flags: number;
  /** Nanoseconds since 1970: when it was logged, or when it was first seen if the sender does not know that. */
  readonly timeUnixNano: bigint;
  /** 1 to 24: from 17 an error, from 13 a warning; 0 if unknown. */
  readonly severityNumber: number;
  /** The sender's own name of the severity; may be empty. */
  readonly severityText: string;
  /** The message: a text, or structured data. */
  readonly body: AttributeValue;
  /** The name of an event; empty for other records. */
  readonly eventName: string;
  readonly attributes: Attributes;
  readonly droppedAttributesCount: number;
  readonly resource: Resource;
  readonly scope: Scope;
}

export const SEVERITIES = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'] as const;
const ERROR = 17;
const WARN = 13;

/** A severity that the data model knows; 0 instead of any other. */
export function checkedSeverity(severityNumber: number): number {
  return severityNumber <= 24 ? severityNumber : 0;
}

/** The severity as a word: the sender's, otherwise that of its number; empty without either. Not yet printable. */
export function severityOf({ severityText, severityNumber }: LogRecord): string {
  return severityText || SEVERITIES[Math.ceil(severityNumber / 4) - 1] || '';
}

/** Whether a record reports an error. */
export function isErrorLog({ severityNumber }: LogRecord): boolean {
  return severityNumber >= ERROR;
}

/** Whether a record reports a warning or an error. */
export function isWarningLog({ severityNumber }: LogRecord): boolean {
  return severityNumber >= WARN;
}
