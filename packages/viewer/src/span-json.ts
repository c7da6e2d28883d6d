import { toBase64 } from './base64.ts';
import type { Attributes, AttributeValue, Resource, Scope, SpanRecord } from './span-record.ts';

/** Formats a span as JSON without its resource and scope, as stored in one row. */
export function spanToJson({ resource, scope, ...span }: SpanRecord): string {
  return JSON.stringify(span, replaceValue);
}

/** Formats a resource and a scope as JSON, as stored once for many spans. */
export function originToJson(resource: Resource, scope: Scope): string {
  return JSON.stringify({ resource, scope }, replaceValue);
}

/** A span as returned by the query API; nanoseconds and large integers are decimal strings, bytes are base64. */
export function joinJson(span: string, origin: string): string {
  return `${span.slice(0, -1)},${origin.slice(1)}`;
}

/** Converts the parsed result of `joinJson` back. */
export function spanFromJson(json: SpanJson): SpanRecord {
  return {
    ...json,
    startTimeUnixNano: BigInt(json.startTimeUnixNano),
    endTimeUnixNano: BigInt(json.endTimeUnixNano),
    events: json.events.map((event) => ({ ...event, timeUnixNano: BigInt(event.timeUnixNano) })),
  };
}

type SpanJson = Omit<SpanRecord, 'startTimeUnixNano' | 'endTimeUnixNano' | 'events'> & {
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly events: readonly {
    readonly name: string;
    readonly timeUnixNano: string;
    readonly attributes: Attributes;
  }[];
};

/** Replaces values that JSON does not have. For `JSON.stringify`. */
export function replaceValue(this: unknown, _key: string, value: AttributeValue): unknown {
  if (typeof value === 'bigint') return value.toString();
  // JSON has no NaN and Infinity: strings keep them readable.
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  return value instanceof Uint8Array ? toBase64(value) : value;
}
