import { Budget, isId, MAX_VALUE_DEPTH, OtlpError, setAttribute } from './otlp-limits.ts';
import { toNumber } from './protobuf-attributes.ts';
import type {
  Attributes,
  AttributeValue,
  Resource,
  Scope,
  SpanEvent,
  SpanKind,
  SpanLink,
  SpanRecord,
  SpanStatus,
} from './span-record.ts';

// Differences from standard proto3 JSON (ids in hex, enums as numbers):
// https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding

/** A parsed JSON object, not validated. */
export type Json = { readonly [key: string]: unknown };

const KINDS: readonly SpanKind[] = ['INTERNAL', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];
const STATUS_CODES: readonly SpanStatus['code'][] = ['UNSET', 'OK', 'ERROR'];

/**
 * Yields the spans of an ExportTraceServiceRequest in JSON; `undefined` for a span with invalid ids.
 * Throws OtlpError while iterating.
 */
export function* jsonSpans(request: Json, budget = new Budget()): Generator<SpanRecord | undefined> {
  for (const { resourceSpans, scopeSpans, spans } of scopes(request)) {
    const scope = readScope(object(scopeSpans.scope, 'scope'), budget);
    const resource = sharedResource(resourceSpans, budget);
    for (const item of spans) yield readSpan(object(item, 'span'), resource, scope, budget);
  }
}

/** Counts the spans of an ExportTraceServiceRequest in JSON. Throws OtlpError. */
export function countJson(body: Buffer): number {
  let count = 0;
  for (const { spans } of scopes(parseRequest(body))) count += spans.length;
  return count;
}

const resources = new WeakMap<Json, Resource>();

function sharedResource(resourceSpans: Json, budget: Budget): Resource {
  let resource = resources.get(resourceSpans);
  if (resource === undefined) {
    resource = {
      attributes: readAttributes(object(resourceSpans.resource, 'resource').attributes, budget, 0),
    };
    resources.set(resourceSpans, resource);
  }
  return resource;
}

function* scopes(
  request: Json,
): Generator<{ resourceSpans: Json; scopeSpans: Json; spans: readonly unknown[] }> {
  for (const item of array(request.resourceSpans, 'resourceSpans')) {
    const resourceSpans = object(item, 'resourceSpans');
    for (const inner of array(resourceSpans.scopeSpans, 'scopeSpans')) {
      const scopeSpans = object(inner, 'scopeSpans');
      yield { resourceSpans, scopeSpans, spans: array(scopeSpans.spans, 'spans') };
    }
  }
}

/** Parses the body of a request. Throws OtlpError. */
export function parseRequest(body: Buffer): Json {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    throw new OtlpError('malformed JSON');
  }
  if (value === null || typeof value !== 'object') throw new OtlpError('malformed OTLP: expected an object');
  return object(value, 'request');
}

function readScope(json: Json, budget: Budget): Scope {
  return {
    name: text(json.name),
    version: text(json.version),
    attributes: readAttributes(json.attributes, budget, 0),
  };
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
    attributes: readAttributes(json.attributes, budget, 0),
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
    attributes: readAttributes(json.attributes, budget, 0),
  };
}

function readLink(json: Json, budget: Budget): SpanLink {
  budget.spend();
  return {
    traceId: hex(json.traceId),
    spanId: hex(json.spanId),
    traceState: text(json.traceState),
    attributes: readAttributes(json.attributes, budget, 0),
  };
}

function readAttributes(value: unknown, budget: Budget, depth: number): Attributes {
  const attributes: { [key: string]: AttributeValue } = {};
  for (const item of array(value, 'attributes')) {
    budget.spend();
    const pair = object(item, 'attribute');
    setAttribute(attributes, text(pair.key), readAnyValue(object(pair.value, 'value'), budget, depth));
  }
  return attributes;
}

function readAnyValue(json: Json, budget: Budget, depth: number): AttributeValue {
  if (depth > MAX_VALUE_DEPTH) throw new OtlpError(`an attribute is nested deeper than ${MAX_VALUE_DEPTH}`);
  if (json.stringValue !== undefined) return text(json.stringValue);
  if (json.boolValue !== undefined) return json.boolValue === true;
  if (json.intValue !== undefined) return toNumber(BigInt.asIntN(64, integer(json.intValue)));
  if (json.doubleValue !== undefined) return Number(json.doubleValue);
  if (json.bytesValue !== undefined) return new Uint8Array(Buffer.from(text(json.bytesValue), 'base64'));
  if (json.kvlistValue !== undefined) {
    return readAttributes(object(json.kvlistValue, 'kvlistValue').values, budget, depth + 1);
  }
  if (json.arrayValue === undefined) return null;
  return array(object(json.arrayValue, 'arrayValue').values, 'values').map((item) => {
    budget.spend();
    return readAnyValue(object(item, 'value'), budget, depth + 1);
  });
}

/** The message in a field; an absent or null field is an empty message. */
function object(value: unknown, field: string): Json {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value))
    throw new OtlpError(`malformed OTLP: expected an object in ${field}`);
  return value as Json;
}

function array(value: unknown, field: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new OtlpError(`malformed OTLP: expected an array in ${field}`);
  return value;
}

function text(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string')
    throw new OtlpError(`malformed OTLP: expected a string, got ${typeof value}`);
  return value;
}

function hex(value: unknown): string {
  const digits = text(value);
  return /^[0-9a-f]*$/i.test(digits) ? digits.toLowerCase() : '';
}

/** 64-bit integers are decimal strings or numbers. */
function integer(value: unknown): bigint {
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  // Longer strings are rejected: BigInt() takes quadratic time.
  if (typeof value === 'string' && /^-?\d{1,20}$/.test(value)) return BigInt(value);
  throw new OtlpError('malformed OTLP: expected a 64-bit integer');
}

function nanoseconds(value: unknown): bigint {
  return value === undefined || value === null ? 0n : BigInt.asUintN(64, integer(value));
}

function count(value: unknown): number {
  return value === undefined || value === null ? 0 : Number(BigInt.asUintN(32, integer(value)));
}

function enumerated<Name extends string>(value: unknown, names: readonly Name[], prefix: string): Name {
  // OTLP requires numbers; proto3 JSON libraries send names.
  const found = typeof value === 'number' ? names[value] : names.find((name) => prefix + name === value);
  return found ?? (names[0] as Name);
}
