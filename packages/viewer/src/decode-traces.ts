import { type Json, parseRequest } from './json-fields.ts';
import type { LogRecord } from './log-record.ts';
import { countJson, jsonSpans } from './otlp-json.ts';
import { jsonLogs } from './otlp-json-logs.ts';
import { OtlpError } from './otlp-limits.ts';
import { protobufSpans } from './otlp-protobuf.ts';
import { protobufLogs } from './otlp-protobuf-logs.ts';
import { countRecords } from './protobuf-records.ts';
import type { SpanRecord } from './span-record.ts';

/** The encodings of OTLP. */
export type OtlpFormat = 'protobuf' | 'json';

/** The encoding for a content type (ignoring parameters and case); `undefined` if it is not one of OTLP's. */
export function otlpFormat(contentType: string | undefined): OtlpFormat | undefined {
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase();
  if (type === 'application/x-protobuf') return 'protobuf';
  return type === 'application/json' ? 'json' : undefined;
}

/** The records of a request, decoded anew in each iteration; `undefined` for one with invalid ids. */
export type RequestRecords<T> = Iterable<T | undefined>;

/**
 * Opens the decompressed body of a trace export. Throws OtlpError for malformed JSON; other errors are thrown while
 * iterating.
 */
export function openSpans(body: Uint8Array, format: OtlpFormat): RequestRecords<SpanRecord> {
  return open(body, format, protobufSpans, jsonSpans);
}

/** Opens the decompressed body of a log export, as {@link openSpans}; `undefined` for a record without a trace id. */
export function openLogs(body: Uint8Array, format: OtlpFormat): RequestRecords<LogRecord> {
  return open(body, format, protobufLogs, jsonLogs);
}

function open<T>(
  body: Uint8Array,
  format: OtlpFormat,
  fromProtobuf: (bytes: Buffer) => Iterator<T | undefined>,
  fromJson: (request: Json) => Iterator<T | undefined>,
): RequestRecords<T> {
  const bytes = asBuffer(body);
  if (format === 'protobuf') return { [Symbol.iterator]: () => fromProtobuf(bytes) };
  const request = parseRequest(bytes);
  return { [Symbol.iterator]: () => fromJson(request) };
}

/**
 * Decodes the decompressed body of an OTLP trace export into spans, each with its resource and scope.
 * `contentType` is `application/x-protobuf` or `application/json`. Spans without a valid trace id and span id are
 * dropped. Throws OtlpError for a malformed body or another content type.
 * https://opentelemetry.io/docs/specs/otlp/#otlphttp-request
 *
 * @example
 * const spans = decodeTraces(body, 'application/x-protobuf');
 * console.log(spans[0].name, spans[0].resource.attributes['service.name']);
 */
export function decodeTraces(body: Uint8Array, contentType: string): SpanRecord[] {
  return [...openSpans(body, knownFormat(contentType))].filter((span) => span !== undefined);
}

/**
 * Counts the spans in the body of an OTLP trace export, including invalid ones; does not decode them in protobuf.
 * Throws like `decodeTraces`. Default of `contentType`: `application/x-protobuf`.
 */
export function countSpans(body: Uint8Array, contentType = 'application/x-protobuf'): number {
  return knownFormat(contentType) === 'json' ? countJson(asBuffer(body)) : countRecords(asBuffer(body));
}

function knownFormat(contentType: string): OtlpFormat {
  const format = otlpFormat(contentType);
  if (format !== undefined) return format;
  throw new OtlpError(
    `expected application/x-protobuf or application/json, got ${JSON.stringify(contentType)}`,
  );
}

function asBuffer(body: Uint8Array): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}
