import { diag } from '@opentelemetry/api';
import type { BatchQueue } from './batch-queue.ts';
import type { Clock } from './clock.ts';
import type { LateTraces } from './late-traces.ts';
import type { SpanLimits } from './limits.ts';
import type { OpenSpans } from './open-spans.ts';
import type { ProcessorChain } from './processor-chain.ts';
import type { RecordingSpan } from './recording-span.ts';
import type { ScopeBuffer } from './scope-buffer.ts';
import type { InstrumentationScope, Resource } from './sdk-interfaces.ts';
import type { Counters } from './stats.ts';

/** What all tracers of a provider share. */
export interface RecorderParts {
  readonly resource: Resource;
  readonly limits: SpanLimits;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly openSpans: OpenSpans;
  readonly newTraceId: (() => string) | undefined;
  readonly newSpanId: (() => string) | undefined;
  readonly queue: BatchQueue | undefined;
  readonly processors: ProcessorChain | undefined;
  /** For samplers that may decide after the start. */
  readonly lateTraces: LateTraces | undefined;
}

/** Receives the spans of one scope when they end. */
export class Recorder {
  readonly scope: InstrumentationScope;
  readonly resource: Resource;
  readonly limits: SpanLimits;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly openSpans: OpenSpans;
  readonly newTraceId: (() => string) | undefined;
  readonly newSpanId: (() => string) | undefined;
  readonly processors: ProcessorChain | undefined;
  readonly lateTraces: LateTraces | undefined;
  readonly #queue: BatchQueue | undefined;
  readonly #buffer: ScopeBuffer | undefined;

  constructor(scope: InstrumentationScope, parts: RecorderParts) {
    this.scope = scope;
    this.resource = parts.resource;
    this.limits = parts.limits;
    this.clock = parts.clock;
    this.counters = parts.counters;
    this.openSpans = parts.openSpans;
    this.newTraceId = parts.newTraceId;
    this.newSpanId = parts.newSpanId;
    this.processors = parts.processors;
    this.lateTraces = parts.lateTraces;
    this.#queue = parts.queue;
    this.#buffer = parts.queue?.openBuffer(scope);
  }

  end(span: RecordingSpan): void {
    this.processors?.onEnding(span);
    span.ended = true;
    this.openSpans.remove(span);
    this.counters.spansEnded++;
    const { late } = span.localTrace;
    if (late !== undefined && !late.ended(span, this.#buffer)) return;
    if (this.#buffer !== undefined && (span.traceFlags & 1) === 1) this.#queue!.add(this.#buffer, span);
    if (this.processors === undefined) span.release();
    else this.processors.onEnd(span);
  }

  reportCallAfterEnd(operation: string, { name, rare }: RecordingSpan): void {
    if (rare?.unfinished === true) return;
    if (operation === 'end')
      this.counters.warn('ended twice', () => `end() was called again on a span "${name}"`);
    else diag.debug(`@clew/tracer: ${operation}() after the end of the span "${name}" is ignored`);
  }
}
