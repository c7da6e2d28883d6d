import { Budget, isId } from './otlp-limits.ts';
import { readKeyValue } from './protobuf-attributes.ts';
import type { ProtobufReader } from './protobuf-reader.ts';
import { protobufRecords } from './protobuf-records.ts';
import type {
  Resource,
  Scope,
  SpanEvent,
  SpanKind,
  SpanLink,
  SpanRecord,
  SpanStatus,
} from './span-record.ts';

// Field numbers: https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

const KINDS: readonly SpanKind[] = ['INTERNAL', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];
const STATUS_CODES: readonly SpanStatus['code'][] = ['UNSET', 'OK', 'ERROR'];
const UNSET: SpanStatus = Object.freeze({ code: 'UNSET', message: '' });

/**
 * Yields the spans of an ExportTraceServiceRequest; `undefined` for a span with invalid ids.
 * Throws OtlpError while iterating.
 */
export function protobufSpans(body: Buffer, budget = new Budget()): Generator<SpanRecord | undefined> {
  return protobufRecords(body, readSpan, budget);
}

function readSpan(
  reader: ProtobufReader,
  resource: Resource,
  scope: Scope,
  budget: Budget,
): SpanRecord | undefined {
  budget.nextSpan();
  const events: SpanEvent[] = [];
  const links: SpanLink[] = [];
  const span: Mutable<SpanRecord> = {
    traceId: '',
    spanId: '',
    traceState: '',
    flags: 0,
    name: '',
    kind: 'INTERNAL',
    startTimeUnixNano: 0n,
    endTimeUnixNano: 0n,
    attributes: {},
    events,
    links,
    status: UNSET,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
    resource,
    scope,
  };
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    switch (field) {
      case 1:
        span.traceId = reader.hex();
        break;
      case 2:
        span.spanId = reader.hex();
        break;
      case 3:
        span.traceState = reader.string();
        break;
      case 4: {
        const parent = reader.hex();
        if (isId(parent, 16)) span.parentSpanId = parent;
        break;
      }
      case 5:
        span.name = reader.string();
        break;
      case 6:
        span.kind = KINDS[reader.uint32()] ?? 'INTERNAL';
        break;
      case 7:
        span.startTimeUnixNano = reader.fixed64();
        break;
      case 8:
        span.endTimeUnixNano = reader.fixed64();
        break;
      case 9:
        readKeyValue(reader.message(), span.attributes, budget);
        break;
      case 10:
        span.droppedAttributesCount = reader.uint32();
        break;
      case 11:
        events.push(readEvent(reader.message(), budget));
        break;
      case 12:
        span.droppedEventsCount = reader.uint32();
        break;
      case 13: {
        const link = readLink(reader.message(), budget);
        if (isId(link.traceId, 32) && isId(link.spanId, 16)) links.push(link);
        break;
      }
      case 14:
        span.droppedLinksCount = reader.uint32();
        break;
      case 15:
        span.status = readStatus(reader.message());
        break;
      case 16:
        span.flags = reader.fixed32();
        break;
      default:
        reader.skip();
    }
  }
  return isId(span.traceId, 32) && isId(span.spanId, 16) ? span : undefined;
}

function readEvent(reader: ProtobufReader, budget: Budget): SpanEvent {
  budget.spend();
  const event: Mutable<SpanEvent> = { name: '', timeUnixNano: 0n, attributes: {} };
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) event.timeUnixNano = reader.fixed64();
    else if (field === 2) event.name = reader.string();
    else if (field === 3) readKeyValue(reader.message(), event.attributes, budget);
    else reader.skip();
  }
  return event;
}

function readLink(reader: ProtobufReader, budget: Budget): SpanLink {
  budget.spend();
  const link: Mutable<SpanLink> = { traceId: '', spanId: '', traceState: '', attributes: {} };
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) link.traceId = reader.hex();
    else if (field === 2) link.spanId = reader.hex();
    else if (field === 3) link.traceState = reader.string();
    else if (field === 4) readKeyValue(reader.message(), link.attributes, budget);
    else reader.skip();
  }
  return link;
}

function readStatus(reader: ProtobufReader): SpanStatus {
  const status: Mutable<SpanStatus> = { code: 'UNSET', message: '' };
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 2) status.message = reader.string();
    else if (field === 3) status.code = STATUS_CODES[reader.uint32()] ?? 'UNSET';
    else reader.skip();
  }
  return status;
}
