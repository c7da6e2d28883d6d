import { createHash } from 'node:crypto';

/** The characters around the 32 hex digits of a UUID, which may be written with dashes, in braces, or as a URN. */
const DECORATION = /urn:|uuid:|[{}-]/g;
const DIGITS = /^[\da-f]{32}$/i;
const MAX_UUID_CHARS = 64;

/**
 * The W3C trace id of a `base_id`: its 128 bits. An id that is not a UUID, which OSProfiler accepts too, is hashed, so that
 * it has the same trace id in every service.
 */
export function traceIdOfUuid(baseId: string): string {
  return (digitsOf(baseId) ?? digest(baseId)).toLowerCase();
}

/** The W3C span id of a `parent_id`: its lower 64 bits, as in OSProfiler's OTLP driver. */
export function spanIdOfUuid(id: string): string {
  const low = digitsOf(id)?.slice(16).toLowerCase();
  return low === undefined || low === '0000000000000000' ? digest(id).slice(16) : low;
}

/** The `base_id` for a trace id: the same digits with dashes. */
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

/** The `parent_id` for a span id: its digits after zeros, so that OSProfiler's drivers restore the span id. */
export function uuidOfSpanId(spanId: string): string {
  return `00000000-0000-0000-${spanId.slice(0, 4)}-${spanId.slice(4)}`;
}

function digitsOf(id: string): string | undefined {
  const digits = id.length > MAX_UUID_CHARS ? '' : id.replaceAll(DECORATION, '');
  return DIGITS.test(digits) && !/^0+$/.test(digits) ? digits : undefined;
}

/** A digest gives the same id in every service; it does not protect a secret. */
function digest(id: string): string {
  return createHash('sha256').update(id.toWellFormed()).digest('hex').slice(0, 32);
}
