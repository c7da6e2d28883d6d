import {
  array,
  attributesOf,
  count,
  enumerated,
  hex,
  type Json,
  nanoseconds,
  object,
  parseRequest,
  text,
} from './json-fields.ts';
import { countJsonRecords, jsonRecords } from './json-records.ts';
import { Budget, isId } from './otlp-limits.ts';
import type {
  Resource,
  Scope,
  SpanEvent,
  SpanKind,
  SpanLink,
  SpanRecord,
  SpanStatus,
} from './span-record.ts';

const KINDS: readonly SpanKind[] = ['INTERNAL', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];
const STATUS_CODES: readonly SpanStatus['code'][] = ['UNSET', 'OK', 'ERROR'];

const NAMES = { resources: 'resourceSpans', scopes: 'scopeSpans', records: 'spans' } as const;

/**
 * Yields the spans of an ExportTraceServiceRequest in JSON; `undefined` for a span with invalid ids.
 * Throws OtlpError while iterating.
 */
export function jsonSpans(request: Json, budget = new Budget()): Generator<SpanRecord | undefined> {
  return jsonRecords(request, NAMES, readSpan, budget);
}

/** Counts the spans of an ExportTraceServiceRequest in JSON. Throws OtlpError. */
export function countJson(body: Buffer): number {
  return countJsonRecords(parseRequest(body), NAMES);
}

function readSpan(json: Json, resource: Resource, scope: Scope, budget: Budget): SpanRecord | undefined {
  budget.nextSpan();
  const traceId = hex(json.traceId);
  const spanId = hex(json.spanId);
  if (!isId(traceId, 32) || !isId(spanId, 16)) return undefined;
  const parentSpanId = hex(json.parentSpanId);
  const status = object(json.status, 'status');
  return {
    traceId,
    spanId,
    ...(isId(parentSpanId, 16) ? { parentSpanId } : undefined),
    traceState: text(json.traceState),
    flags: count(json.flags),
    name: text(json.name),
    kind: enumerated(json.kind, KINDS, 'SPAN_KIND_'),
    startTimeUnixNano: nanoseconds(json.startTimeUnixNano),
    endTimeUnixNano: nanoseconds(json.endTimeUnixNano),
    attributes: attributesOf(json.attributes, budget, 0),
    events: array(json.events, 'events').map((item) => readEvent(object(item, 'event'), budget)),
    links: array(json.links, 'links')
      .map((item) => readLink(object(item, 'link'), budget))
      .filter((link) => isId(link.traceId, 32) && isId(link.spanId, 16)),
    status: {
      code: enumerated(status.code, STATUS_CODES, 'STATUS_CODE_'),
      message: text(status.message),
    },
    droppedAttributesCount: count(json.droppedAttributesCount),
    droppedEventsCount: count(json.droppedEventsCount),
    droppedLinksCount: count(json.droppedLinksCount),
    resource,
    scope,
  };
}

function readEvent(json: Json, budget: Budget): SpanEvent {
  budget.spend();
  return {
    name: text(json.name),
    timeUnixNano: nanoseconds(json.timeUnixNano),
    attributes: attributesOf(json.attributes, budget, 0),
  };
}

function readLink(json: Json, budget: Budget): SpanLink {
  budget.spend();
  return {
    traceId: hex(json.traceId),
    spanId: hex(json.spanId),
    traceState: text(json.traceState),
    attributes: attributesOf(json.attributes, budget, 0),
  };
}
