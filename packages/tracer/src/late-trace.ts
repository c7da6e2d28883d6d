import type { LocalRootDecision, PendingDecision } from '@clew/core/internal';
import type { Attributes, TraceState } from '@opentelemetry/api';
import { Chain } from './late-buffer.ts';
import type { LateTraces } from './late-traces.ts';
import type { RecordingSpan } from './recording-span.ts';
import type { ScopeBuffer } from './scope-buffer.ts';

/** The trace is recorded, and its ended spans wait for the decision. */
export const PENDING = 0;
/** The trace is sampled. */
export const KEPT = 1;
/** The spans that start from now on are not recorded, and those that end are not exported. */
export const FORGOTTEN = 2;

/** What the spans of a local trace share if its sampler waits for the route or for the end of the local root. */
export class LateTrace {
  readonly traces: LateTraces;
  state: typeof PENDING | typeof KEPT | typeof FORGOTTEN;
  /** What the sampler waits for; `undefined` for nothing more. */
  pending: PendingDecision | undefined;
  /** The trace state of all its spans from the moment the trace is kept. */
  traceState: TraceState | undefined;
  /** The local root, as long as the sampler waits. */
  root: RecordingSpan | undefined = undefined;
  /** Attributes of the local root that are needed only if the trace is kept. */
  describe: (() => Attributes) | undefined = undefined;
  /** Spans that were started while the trace was pending. */
  startedSpans = 0;
  /** Ended spans in memory. */
  spans = 0;
  /** The encoded spans, and for each its length and the buffer that it is for. */
  readonly chain = new Chain();
  lengths: number[] | undefined = undefined;
  buffers: ScopeBuffer[] | undefined = undefined;
  /** The ended spans themselves, where there are span processors. */
  held: RecordingSpan[] | undefined = undefined;
  hasLostSpans = false;
  /** Neighbors in the list of traces with spans in memory. */
  isListed = false;
  older: LateTrace | undefined = undefined;
  newer: LateTrace | undefined = undefined;

  constructor(traces: LateTraces, decision: LocalRootDecision) {
    this.traces = traces;
    this.state = decision.sampled ? KEPT : PENDING;
    this.pending = decision.pending;
    this.traceState = decision.traceState;
  }

  /** Called when a span has been created; the first one is the local root. */
  started(span: RecordingSpan): void {
    if (!span.hasLocalParent) this.root = span;
    if (this.state === PENDING) this.startedSpans++;
  }

  /**
   * Called when a span has ended. Returns whether the span is exported or dropped now, as its flags say; if not, it waits
   * for the decision.
   */
  ended(span: RecordingSpan, buffer: ScopeBuffer | undefined): boolean {
    if (span === this.root) this.traces.decideAtEnd(this);
    else if (this.state === PENDING) {
      this.traces.addEnded(this, span, buffer);
      return false;
    }
    return true;
  }

  /** Returns whether `describe` will be called if the trace is kept. */
  describeLater(span: RecordingSpan, describe: () => Attributes): boolean {
    if (span !== this.root || this.state !== PENDING || this.describe !== undefined) return false;
    this.describe = describe;
    return true;
  }

  noteRoute(route: string): void {
    if (this.pending?.needsRoute === true) this.traces.decideAtRoute(this, this.pending, route);
  }
}
