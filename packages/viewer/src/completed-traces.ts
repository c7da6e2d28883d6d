import type { SpanRecord } from './span-record.ts';

const TICK_MS = 250;
const QUIET_MS = 1000;
const MAX_PENDING = 10_000;

/**
 * Reports each trace once no span of it has arrived for a second, because several processes send its parts in separate
 * batches. Under load, some are not reported: no more than 10,000 are waited for.
 */
export class CompletedTraces {
  readonly #report: (traceId: string) => void;
  readonly #lastSpan = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;

  constructor(report: (traceId: string) => void) {
    this.#report = report;
    this.#timer = setInterval(() => this.#reportQuiet(performance.now() - QUIET_MS), TICK_MS).unref();
  }

  /** Counts spans that were received. Returns how many of them belong to traces that will not be reported. */
  add(spans: readonly SpanRecord[]): number {
    const now = performance.now();
    let ignored = 0;
    for (const { traceId } of spans) {
      if (this.#lastSpan.size < MAX_PENDING || this.#lastSpan.has(traceId)) this.#lastSpan.set(traceId, now);
      else ignored++;
    }
    return ignored;
  }

  /** Reports the remaining traces. */
  flush(): void {
    this.#reportQuiet(Number.POSITIVE_INFINITY);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #reportQuiet(since: number): void {
    for (const [traceId, last] of this.#lastSpan) {
      if (last > since) continue;
      this.#lastSpan.delete(traceId);
      this.#report(traceId);
    }
  }
}
