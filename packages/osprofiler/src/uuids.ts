import { createHash } from 'node:crypto';

/** 32 hex digits, however a UUID is written: with dashes, without, in braces, as a URN. */
const DECORATION = /urn:|uuid:|[{}-]/g;
const DIGITS = /^[\da-f]{32}$/i;
const MAX_UUID_CHARS = 64;

/**
 * The W3C trace id of a `base_id`: its 128 bits. An id that is no UUID, which OSProfiler takes as well, has the same
 * trace id wherever it comes by.
 */
export function traceIdOfUuid(baseId: string): string {
  return (digitsOf(baseId) ?? digest(baseId)).toLowerCase();
}

/** The W3C span id of a `parent_id`: its lower 64 bits, as OSProfiler's OTLP driver takes them. */
export function spanIdOfUuid(id: string): string {
  const low = digitsOf(id)?.slice(16).toLowerCase();
  return low === undefined || low === '0000000000000000' ? digest(id).slice(16) : low;
}

/** The `base_id` of a trace id: the same digits with dashes. */
export function uuidOfTraceId(traceId: string): string {
  const parts = [
    traceId.slice(0, 8),
    traceId.slice(8, 12),
    traceId.slice(12, 16),
    traceId.slice(16, 20),
    traceId.slice(20),
  ];
  return parts.join('-');
}

/** The `parent_id` of a span id: zeros before its digits, so that OSProfiler's drivers find the span id again. */
export function uuidOfSpanId(spanId: string): string {
  return `00000000-0000-0000-${spanId.slice(0, 4)}-${spanId.slice(4)}`;
}

function digitsOf(id: string): string | undefined {
  const digits = id.length > MAX_UUID_CHARS ? '' : id.replaceAll(DECORATION, '');
  return DIGITS.test(digits) && !/^0+$/.test(digits) ? digits : undefined;
}

/** No secret is kept here: a digest only gives the same id everywhere. */
function digest(id: string): string {
  return createHash('sha256').update(id.toWellFormed()).digest('hex').slice(0, 32);
}
