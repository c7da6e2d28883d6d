import { anyValue, attributesOf, count, hex, type Json, nanoseconds, object, text } from './json-fields.ts';
import { jsonRecords } from './json-records.ts';
import { checkedSeverity, type LogRecord, SEVERITIES } from './log-record.ts';
import { Budget, isId } from './otlp-limits.ts';
import type { Resource, Scope } from './span-record.ts';

const NAMES = { resources: 'resourceLogs', scopes: 'scopeLogs', records: 'logRecords' } as const;

/**
 * Yields the log records of an ExportLogsServiceRequest in JSON; `undefined` for a record without a trace id.
 * Throws OtlpError while iterating.
 */
export function jsonLogs(request: Json, budget = new Budget()): Generator<LogRecord | undefined> {
  return jsonRecords(request, NAMES, readLog, budget);
}

function readLog(json: Json, resource: Resource, scope: Scope, budget: Budget): LogRecord | undefined {
  budget.nextSpan();
  const traceId = hex(json.traceId);
  if (!isId(traceId, 32)) return undefined;
  const spanId = hex(json.spanId);
  return {
    traceId,
    spanId: isId(spanId, 16) ? spanId : '',
    flags: count(json.flags),
    timeUnixNano: nanoseconds(json.timeUnixNano) || nanoseconds(json.observedTimeUnixNano),
    severityNumber: severityNumber(json.severityNumber),
    severityText: text(json.severityText),
    body: anyValue(object(json.body, 'body'), budget, 0),
    eventName: text(json.eventName),
    attributes: attributesOf(json.attributes, budget, 0),
    droppedAttributesCount: count(json.droppedAttributesCount),
    resource,
    scope,
  };
}

/** OTLP requires numbers; proto3 JSON libraries send names, such as `SEVERITY_NUMBER_INFO2`. */
function severityNumber(value: unknown): number {
  if (typeof value !== 'string') return checkedSeverity(count(value));
  const [, level = '', step = '1'] = /^SEVERITY_NUMBER_([A-Z]+)([2-4])?$/.exec(value) ?? [];
  const index = (SEVERITIES as readonly string[]).indexOf(level);
  return index < 0 ? 0 : index * 4 + Number(step);
}
