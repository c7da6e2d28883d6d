/** What is counted for a rule between two reports. */
export interface XRayCounts {
  readonly requests: number;
  readonly sampled: number;
  readonly borrowed: number;
  /** Traces whose end was seen, those that failed, and the sampled ones of these. */
  readonly ended: number;
  readonly failed: number;
  readonly failedSampled: number;
}

/** The counts of a rule. */
export class XRayStatistics {
  requests = 0;
  sampled = 0;
  borrowed = 0;
  ended = 0;
  failed = 0;
  failedSampled = 0;

  /** Returns the counts and starts again from 0; `undefined` if nothing was counted. */
  take(): XRayCounts | undefined {
    const { requests, sampled, borrowed, ended, failed, failedSampled } = this;
    if (requests === 0 && ended === 0) return undefined;
    this.requests = this.sampled = this.borrowed = 0;
    this.ended = this.failed = this.failedSampled = 0;
    return { requests, sampled, borrowed, ended, failed, failedSampled };
  }

  /** Adds counts that could not be reported. */
  restore(counts: XRayCounts): void {
    this.requests += counts.requests;
    this.sampled += counts.sampled;
    this.borrowed += counts.borrowed;
    this.ended += counts.ended;
    this.failed += counts.failed;
    this.failedSampled += counts.failedSampled;
  }
}
