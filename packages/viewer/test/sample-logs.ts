import type { LogRecord } from '../src/log-record.ts';
import { START, TRACE_ID } from './sample-trace.ts';

const ORIGIN = {
  resource: { attributes: { 'service.name': 'shop' } },
  scope: { name: 'logger', version: '', attributes: {} },
};

/** A log record of the span a1, 1 ms after the start of its trace. */
export function logRecord(record: Partial<LogRecord> = {}): LogRecord {
  return {
    traceId: TRACE_ID,
    spanId: '00000000000000a1',
    flags: 1,
    timeUnixNano: START + 1_000_000n,
    severityNumber: 9,
    severityText: '',
    body: 'sold',
    eventName: '',
    attributes: {},
    droppedAttributesCount: 0,
    ...ORIGIN,
    ...record,
  };
}
