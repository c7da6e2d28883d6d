const RETRYABLE = new Set([429, 502, 503, 504]);
const MAX_WAIT_MS = 30_000;
/** A receiver may ask for a longer wait than ours, but not for an endless one. */
const MAX_RETRY_AFTER_MS = 120_000;

/** Whether OTLP allows to send again after this answer. */
export function isRetryable(status: number): boolean {
  return RETRYABLE.has(status);
}

/** The wait before the next attempt: twice as long each time, between half and all of it at random. */
export function backoffMs(attempt: number, firstMs: number, random = Math.random()): number {
  return Math.min(MAX_WAIT_MS, firstMs * 2 ** attempt) * (0.5 + random / 2);
}

/**
 * The wait that a `Retry-After` header asks for: seconds or a date.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 */
export function retryAfterMs(header: string | undefined, now: number = Date.now()): number | undefined {
  if (header === undefined) return undefined;
  const seconds = /^\s*\d+\s*$/.test(header) ? Number(header) : Number.NaN;
  const wait = Number.isNaN(seconds) ? Date.parse(header) - now : seconds * 1000;
  return Number.isNaN(wait) ? undefined : Math.min(MAX_RETRY_AFTER_MS, Math.max(0, wait));
}
