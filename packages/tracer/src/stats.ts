import { ThrottledWarnings } from '@clew/core/internal';

/**
 * Why spans were dropped. `queueFull`: the queue held as many bytes as allowed; `tooLarge`: one span was larger
 * than a batch; `rejected`: the receiver rejected it; `retriesExhausted`: the receiver was unreachable for too
 * long; `shutdown`: ended after shutdown or still queued at its deadline; `failed`: it could not be encoded, or a
 * user's exporter failed; `lateBufferFull`: the span waited for a late sampling decision, and the buffer was full.
 */
export type DropCause =
  | 'queueFull'
  | 'tooLarge'
  | 'rejected'
  | 'retriesExhausted'
  | 'shutdown'
  | 'failed'
  | 'lateBufferFull';

/** Counters of traces whose sampler decides after the start: at the route, or when the local root ends. */
export interface LateStats {
  /** Traces that are not decided yet; one whose local root never ends stays among them. */
  readonly pending: number;
  /** Ended spans of pending traces. */
  readonly spans: number;
  /** Bytes that these spans use; each trace uses whole blocks of 1,024 bytes. */
  readonly bytes: number;
  /** Traces kept when their route was known. */
  readonly keptAtRoute: number;
  /** Traces kept when their local root ended. */
  readonly keptAtEnd: number;
  /** Traces that were not kept. */
  readonly forgotten: number;
  /** Traces that lost spans because the buffer was full, whether they were kept or not. */
  readonly incomplete: number;
}

/** Counters since the provider was created. */
export interface TracerStats {
  /** All spans, recorded or not. */
  readonly spansStarted: number;
  /** Spans whose sampled flag was set here. */
  readonly spansSampled: number;
  /** Recorded spans that were ended. */
  readonly spansEnded: number;
  /** Spans accepted by a receiver over OTLP. */
  readonly spansExported: number;
  /** Spans returned by `takeUnsent()`; whether they arrived is unknown. */
  readonly spansHandedOver: number;
  /** Recorded spans that have not ended; at most 4,096 are counted. */
  readonly spansOpen: number;
  /** Spans ended by `endUnfinished()` or `shutdown()`. */
  readonly spansUnfinished: number;
  /** Spans exported without their attributes, events and links, because they did not fit into a batch with them. */
  readonly spansTruncated: number;
  /** Dropped spans, by cause. */
  readonly dropped: Readonly<Record<DropCause, number>>;
  /** Bytes queued or in flight. */
  readonly bytesQueued: number;
  /** Spans queued or in flight. */
  readonly spansQueued: number;
  /** Requests with a success response. */
  readonly exports: number;
  /** Requests that failed and were retried. */
  readonly retries: number;
  /** `undefined` if the sampler never postpones a decision. */
  readonly late: LateStats | undefined;
}

/** The counters, with warnings through `diag` at most once a minute for each topic. */
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
    lateBufferFull: 0,
  };
  readonly #warnings = new ThrottledWarnings();

  drop(cause: DropCause, spans: number, detail: string): void {
    if (spans === 0) return;
    this.dropped[cause] += spans;
    this.warn(`dropped:${cause}`, () => `${this.dropped[cause]} spans dropped so far (${cause}): ${detail}`);
  }

  /** Logs a warning, unless the same topic was logged within the last minute. */
  warn(topic: string, text: () => string): void {
    this.#warnings.warn(topic, () => `@clew/tracer: ${text()}`);
  }
}

/** Formats an error for a log message as `CODE: message`. Never throws. */
export function describe(error: unknown): string {
  try {
    return error instanceof Error
      ? `${(error as NodeJS.ErrnoException).code ?? error.name}: ${error.message}`
      : String(error);
  } catch {
    return 'an error that cannot be described';
  }
}
