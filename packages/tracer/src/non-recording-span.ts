import { KnownSpanContext } from '@clew/core';
import type { Span, SpanContext, TraceState } from '@opentelemetry/api';
import { type LocalTrace, randomHex } from './ids.ts';

/** What a child needs of a parent that was started here. */
export interface LocalSpan extends Span {
  readonly localTrace: LocalTrace;
  readonly traceFlags: number;
  readonly traceState: TraceState | undefined;
}

/** A span that only propagates. Its ids are made when somebody asks for them. */
export class NonRecordingSpan implements LocalSpan {
  readonly localTrace: LocalTrace;
  readonly traceFlags: number;
  readonly traceState: TraceState | undefined;
  readonly #newSpanId: (() => string) | undefined;
  #context: SpanContext | undefined = undefined;

  constructor(
    localTrace: LocalTrace,
    traceFlags: number,
    traceState: TraceState | undefined,
    newSpanId: (() => string) | undefined,
  ) {
    this.localTrace = localTrace;
    this.traceFlags = traceFlags;
    this.traceState = traceState;
    this.#newSpanId = newSpanId;
  }

  spanContext(): SpanContext {
    if (this.#context === undefined) {
      const spanId = this.#newSpanId?.() ?? randomHex(16);
      this.#context = new KnownSpanContext(this.localTrace.hex, spanId, this.traceFlags, this.traceState);
    }
    return this.#context;
  }

  isRecording(): boolean {
    return false;
  }

  setAttribute(): this {
    return this;
  }

  setAttributes(): this {
    return this;
  }

  addEvent(): this {
    return this;
  }

  addLink(): this {
    return this;
  }

  addLinks(): this {
    return this;
  }

  setStatus(): this {
    return this;
  }

  updateName(): this {
    return this;
  }

  recordException(): void {}

  end(): void {}
}
