import { originals } from '@clew/core/internal';
import { diag } from '@opentelemetry/api';

/**
 * Why spans were dropped:
 * `queueFull` — as many bytes wait as may; `tooLarge` — one span larger than a batch; `rejected` — the
 * receiver refused it; `retriesExhausted` — the receiver could not be reached for too long; `shutdown` — ended
 * or still waiting when the provider was shut down; `failed` — it could not be encoded, or a user's exporter failed.
 */
export type DropCause = 'queueFull' | 'tooLarge' | 'rejected' | 'retriesExhausted' | 'shutdown' | 'failed';

/** Counters since the provider was made. */
export interface TracerStats {
  /** All spans, recorded or not. */
  readonly spansStarted: number;
  /** Spans whose sampled flag was set here. */
  readonly spansSampled: number;
  /** Recorded spans that were ended. */
  readonly spansEnded: number;
  /** Spans that a receiver took over OTLP. */
  readonly spansExported: number;
  /** Spans that `takeUnsent()` gave away: whether they arrived is not known here. */
  readonly spansHandedOver: number;
  /** Recorded spans that have not ended; at most 4,096 are counted. */
  readonly spansOpen: number;
  /** Spans that `endUnfinished()` or `shutdown()` ended. */
  readonly spansUnfinished: number;
  /** Spans that were exported without their attributes, events and links, for with them no batch could hold them. */
  readonly spansTruncated: number;
  /** Spans lost, by cause. */
  readonly dropped: Readonly<Record<DropCause, number>>;
  /** Bytes that wait or are on their way. */
  readonly bytesQueued: number;
  /** Spans that wait or are on their way. */
  readonly spansQueued: number;
  /** Requests that a receiver answered with success. */
  readonly exports: number;
  /** Requests that failed and were sent again. */
  readonly retries: number;
}

const SAY_EVERY_MS = 60_000;

/** What is counted, and said through `diag` once a minute and topic. */
export class Counters {
  spansStarted = 0;
  spansSampled = 0;
  spansEnded = 0;
  spansExported = 0;
  spansHandedOver = 0;
  spansUnfinished = 0;
  spansTruncated = 0;
  exports = 0;
  retries = 0;
  readonly dropped: Record<DropCause, number> = {
    queueFull: 0,
    tooLarge: 0,
    rejected: 0,
    retriesExhausted: 0,
    shutdown: 0,
    failed: 0,
  };
  readonly #saidAt = new Map<string, number>();

  drop(cause: DropCause, spans: number, detail: string): void {
    if (spans === 0) return;
    this.dropped[cause] += spans;
    this.warn(`dropped:${cause}`, () => `${this.dropped[cause]} spans dropped so far (${cause}): ${detail}`);
  }

  /** Says something now and nothing more of the same topic for a minute. */
  warn(topic: string, text: () => string): void {
    const now = originals.monotonicNow();
    const saidAt = this.#saidAt.get(topic);
    if (saidAt !== undefined && now - saidAt < SAY_EVERY_MS) return;
    this.#saidAt.set(topic, now);
    // The logger is the program's: what it throws stays here.
    try {
      diag.warn(`@clew/tracer: ${text()}`);
    } catch {}
  }
}

export function describe(error: unknown): string {
  try {
    return error instanceof Error
      ? `${(error as NodeJS.ErrnoException).code ?? error.name}: ${error.message}`
      : String(error);
  } catch {
    return 'an error that cannot be described';
  }
}
