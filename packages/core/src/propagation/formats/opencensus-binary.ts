import { Buffer } from 'node:buffer';
import type { SpanContext } from '@opentelemetry/api';
import { countDropped } from '../dropped.ts';
import type { Extraction, TraceFormat } from '../format.ts';
import { spanIdOf, traceIdOf } from './ids.ts';
import { remoteParent } from './remote-parent.ts';

const NAME = 'opencensus-binary';
const HEADER = 'grpc-trace-bin';

/** Version; then fields of a number and a value each: 16 bytes of trace id, 8 of span id, 1 of options. */
const BYTES = 29;
const TRACE_ID_AT = 1;
const SPAN_ID_AT = 18;
const OPTIONS_AT = 27;
/** Fields of later versions may follow. */
const MAX_BYTES = 256;
const BASE64 = /^[\w+/-]+={0,2}$/;

/**
 * OpenCensus' binary format: base64 in carriers of text, raw bytes in carriers of bytes (gRPC metadata).
 * Source: https://github.com/census-instrumentation/opencensus-specs/blob/master/encodings/BinaryEncoding.md
 */
export const opencensusBinary: TraceFormat = {
  name: NAME,
  fields: [HEADER],

  extract(carrier, getter) {
    const header: unknown = getter.get(carrier, HEADER);
    if (header === undefined) return undefined;
    const bytes = bytesOf(Array.isArray(header) && header.length === 1 ? header[0] : header);
    const extraction = bytes === undefined ? undefined : decodeOpencensus(bytes);
    if (extraction === undefined) countDropped(NAME, 'malformed grpc-trace-bin');
    return extraction;
  },

  inject({ spanContext }, carrier, setter) {
    setter.set(carrier, HEADER, encodeOpencensus(spanContext).toString('base64'));
  },
};

/** The 29 bytes of a span context, for carriers of bytes. */
export function encodeOpencensus({ traceId, spanId, traceFlags }: SpanContext): Buffer {
  return Buffer.from(`0000${traceId}01${spanId}02${(traceFlags & 1) === 1 ? '01' : '00'}`, 'hex');
}

/** Reads a span context from bytes; `undefined` if they are malformed. */
export function decodeOpencensus(bytes: Buffer): Extraction | undefined {
  if (bytes.length < BYTES || bytes.length > MAX_BYTES) return undefined;
  const framed = bytes[0] === 0 && bytes[TRACE_ID_AT] === 0 && bytes[SPAN_ID_AT] === 1;
  if (!framed || bytes[OPTIONS_AT] !== 2) return undefined;
  const traceId = traceIdOf(bytes.toString('hex', TRACE_ID_AT + 1, SPAN_ID_AT));
  const spanId = spanIdOf(bytes.toString('hex', SPAN_ID_AT + 1, OPTIONS_AT));
  if (traceId === undefined || spanId === undefined) return undefined;
  return remoteParent(traceId, spanId, ((bytes[OPTIONS_AT + 1] ?? 0) & 1) === 1 ? 'sample' : 'drop');
}

function bytesOf(value: unknown): Buffer | undefined {
  if (Buffer.isBuffer(value)) return value;
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  const fits = typeof value === 'string' && value.length <= 2 * MAX_BYTES && BASE64.test(value);
  return fits ? Buffer.from(value, 'base64') : undefined;
}
