import type { LogRecord } from './log-record.ts';

/** An attribute's value. Integers outside ±2^53 are bigints; bytes become base64 strings when stored. */
export type AttributeValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | Uint8Array
  | readonly AttributeValue[]
  | { readonly [key: string]: AttributeValue };

/** Attributes by key. */
export type Attributes = { readonly [key: string]: AttributeValue };

/** The kind of a span, as in OpenTelemetry. */
export type SpanKind = 'INTERNAL' | 'SERVER' | 'CLIENT' | 'PRODUCER' | 'CONSUMER';

/** The entity that produced the span, usually a process. All its spans in a request share one object. */
export interface Resource {
  readonly attributes: Attributes;
}

/** The library that produced the span. All its spans in a request share one object. */
export interface Scope {
  readonly name: string;
  readonly version: string;
  readonly attributes: Attributes;
}

/** An event of a span. */
export interface SpanEvent {
  readonly name: string;
  readonly timeUnixNano: bigint;
  readonly attributes: Attributes;
}

/** A link to another span. */
export interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceState: string;
  readonly attributes: Attributes;
}

/** The status of a span. */
export interface SpanStatus {
  readonly code: 'UNSET' | 'OK' | 'ERROR';
  readonly message: string;
}

/**
 * A span as in OTLP. Ids are lower-case hex; times are nanoseconds since 1970.
 * https://opentelemetry.io/docs/specs/otlp/
 */
export interface SpanRecord {
  readonly traceId: string;
  readonly spanId: string;
  /** Absent on a root span. */
  readonly parentSpanId?: string;
  readonly traceState: string;
  readonly flags: number;
  readonly name: string;
  readonly kind: SpanKind;
  readonly startTimeUnixNano: bigint;
  readonly endTimeUnixNano: bigint;
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
  readonly links: readonly SpanLink[];
  readonly status: SpanStatus;
  readonly droppedAttributesCount: number;
  readonly droppedEventsCount: number;
  readonly droppedLinksCount: number;
  readonly resource: Resource;
  readonly scope: Scope;
}

/** All known spans and log records of one trace, in no particular order. */
export interface Trace {
  readonly traceId: string;
  readonly spans: readonly SpanRecord[];
  /** Absent if the trace has no log records. */
  readonly logs?: readonly LogRecord[];
}

/** The `service.name` of a resource; `unknown_service` if absent. */
export function serviceName(resource: Resource): string {
  const name = resource.attributes['service.name'];
  return typeof name === 'string' && name !== '' ? name : 'unknown_service';
}
