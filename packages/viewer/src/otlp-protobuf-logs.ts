import { checkedSeverity, type LogRecord } from './log-record.ts';
import { Budget, isId } from './otlp-limits.ts';
import { readAnyValue, readKeyValue } from './protobuf-attributes.ts';
import type { ProtobufReader } from './protobuf-reader.ts';
import { protobufRecords } from './protobuf-records.ts';
import type { Resource, Scope } from './span-record.ts';

// Field numbers: https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/logs/v1/logs.proto

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/**
 * Yields the log records of an ExportLogsServiceRequest; `undefined` for a record without a trace id.
 * Throws OtlpError while iterating.
 */
export function protobufLogs(body: Buffer, budget = new Budget()): Generator<LogRecord | undefined> {
  return protobufRecords(body, readLog, budget);
}

function readLog(
  reader: ProtobufReader,
  resource: Resource,
  scope: Scope,
  budget: Budget,
): LogRecord | undefined {
  budget.nextSpan();
  let observed = 0n;
  const log: Mutable<LogRecord> = {
    traceId: '',
    spanId: '',
    flags: 0,
    timeUnixNano: 0n,
    severityNumber: 0,
    severityText: '',
    body: null,
    eventName: '',
    attributes: {},
    droppedAttributesCount: 0,
    resource,
    scope,
  };
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    switch (field) {
      case 1:
        log.timeUnixNano = reader.fixed64();
        break;
      case 2:
        log.severityNumber = checkedSeverity(reader.uint32());
        break;
      case 3:
        log.severityText = reader.string();
        break;
      case 5:
        log.body = readAnyValue(reader.message(), budget, 0);
        break;
      case 6:
        readKeyValue(reader.message(), log.attributes, budget);
        break;
      case 7:
        log.droppedAttributesCount = reader.uint32();
        break;
      case 8:
        log.flags = reader.fixed32();
        break;
      case 9:
        log.traceId = reader.hex();
        break;
      case 10:
        log.spanId = reader.hex();
        break;
      case 11:
        observed = reader.fixed64();
        break;
      case 12:
        log.eventName = reader.string();
        break;
      default:
        reader.skip();
    }
  }
  if (log.timeUnixNano === 0n) log.timeUnixNano = observed;
  if (!isId(log.spanId, 16)) log.spanId = '';
  return isId(log.traceId, 32) ? log : undefined;
}
