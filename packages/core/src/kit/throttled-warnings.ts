import { diag } from '@opentelemetry/api';
import { monotonicNow } from './originals.ts';

const LOG_INTERVAL_MS = 60_000;

/** Logs warnings through `diag`, each topic at most once a minute. Topics are kept: use a limited set of constants. */
export class ThrottledWarnings {
  readonly #loggedAt = new Map<string, number>();

  /** Logs `text()` unless the topic was logged within the last minute. Never throws. */
  warn(topic: string, text: () => string): void {
    const now = monotonicNow();
    const loggedAt = this.#loggedAt.get(topic);
    if (loggedAt !== undefined && now - loggedAt < LOG_INTERVAL_MS) return;
    this.#loggedAt.set(topic, now);
    try {
      diag.warn(text());
    } catch {
      // The application's logger threw: there is no other place to report to.
    }
  }
}
