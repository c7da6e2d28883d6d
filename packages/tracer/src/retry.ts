import { originals } from '@clew/core/internal';

const RETRYABLE = new Set([429, 502, 503, 504]);
const MAX_BACKOFF_MS = 30_000;
/** A receiver may request a longer wait than our own back-off, up to this limit. */
const MAX_WAIT_MS = 120_000;
/** The IMF-fixdate format, required of senders; checked because `Date.parse` accepts nearly any text. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** The delay before the next attempt. */
export interface Wait {
  readonly ms: number;
  /** The delay requested by the receiver: a flush must not shorten the wait below it. */
  readonly minMs: number;
}

/** Whether OTLP allows a retry after this response status. */
export function isRetryable(status: number): boolean {
  return RETRYABLE.has(status);
}

/**
 * Returns the delay before the next attempt. A receiver can lengthen our own back-off up to two minutes, but not
 * shorten it: a `Retry-After` of 0 or a date in the past would make us retry without a pause.
 */
export function waitBefore(
  attempt: number,
  firstMs: number,
  retryAfter: string | undefined,
  now: number,
): Wait {
  const ownMs = backoffMs(attempt, firstMs);
  const minMs = Math.min(MAX_WAIT_MS, Math.max(0, retryAfterMs(retryAfter, now) ?? 0));
  return { ms: Math.max(ownMs, minMs), minMs };
}

/** Exponential back-off with jitter: between half and all of `firstMs * 2 ** attempt`, at most 30 s. */
export function backoffMs(attempt: number, firstMs: number, random = Math.random()): number {
  return Math.min(MAX_BACKOFF_MS, firstMs * 2 ** attempt) * (0.5 + random / 2);
}

/**
 * Parses a `Retry-After` header, in seconds or as a date; may be negative for a date in the past.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 */
function retryAfterMs(header: string | undefined, now: number): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const date = HTTP_DATE.test(text) ? originals.parseDate(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : date - now;
}
