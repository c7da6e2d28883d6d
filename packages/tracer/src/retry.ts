import { originals } from '@clew/core/internal';

const RETRYABLE = new Set([429, 502, 503, 504]);
const MAX_BACKOFF_MS = 30_000;
/** A receiver may ask for a longer wait than our own back-off, within this bound. */
const MAX_WAIT_MS = 120_000;
/** The form of a date that every sender must write; its parser alone would read a date into nearly any text. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** How long to wait before the next attempt. */
export interface Wait {
  readonly ms: number;
  /** What the receiver asked for: a flush must not shorten the wait any further. */
  readonly leastMs: number;
}

/** Whether OTLP allows to send again after this response. */
export function isRetryable(status: number): boolean {
  return RETRYABLE.has(status);
}

/**
 * The wait before the next attempt. A receiver can lengthen our own back-off up to two minutes, and never shorten it:
 * a `Retry-After` of 0 or a date in the past would make us send without a pause.
 */
export function waitBefore(
  attempt: number,
  firstMs: number,
  retryAfter: string | undefined,
  now: number,
): Wait {
  const ownMs = backoffMs(attempt, firstMs);
  const leastMs = Math.min(MAX_WAIT_MS, Math.max(0, retryAfterMs(retryAfter, now) ?? 0));
  return { ms: Math.max(ownMs, leastMs), leastMs };
}

/** Twice as long for each attempt, between half and all of it at random. */
export function backoffMs(attempt: number, firstMs: number, random = Math.random()): number {
  return Math.min(MAX_BACKOFF_MS, firstMs * 2 ** attempt) * (0.5 + random / 2);
}

/**
 * What a `Retry-After` header asks for, in seconds or as a date: any number of milliseconds, also a negative one.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 */
function retryAfterMs(header: string | undefined, now: number): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const date = HTTP_DATE.test(text) ? originals.parseDate(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : date - now;
}
