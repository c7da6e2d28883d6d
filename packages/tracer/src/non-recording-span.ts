import { KnownSpanContext, type TraceparentWriter, WRITE_TRACEPARENT } from '@clew/core/internal';
import type { Span, SpanContext, TraceState } from '@opentelemetry/api';
import { hexOfWord, type LocalTrace, randomWord, traceparentOf, wordOfHex } from './ids.ts';

/** What a child span needs from a parent that was started in this process. */
export interface LocalSpan extends Span {
  readonly localTrace: LocalTrace;
  readonly traceFlags: number;
  readonly traceState: TraceState | undefined;
}

/** A span that is not recorded but propagates its context. Its ids are generated lazily. */
export class NonRecordingSpan implements LocalSpan, TraceparentWriter {
  readonly localTrace: LocalTrace;
  readonly traceFlags: number;
  readonly traceState: TraceState | undefined;
  readonly #newSpanId: (() => string) | undefined;
  #high = 0;
  #low = 0;
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
      this.#ensureId();
      const spanId = hexOfWord(this.#high) + hexOfWord(this.#low);
      this.#context = new KnownSpanContext(this.localTrace.hex, spanId, this.traceFlags, this.traceState);
    }
    return this.#context;
  }

  [WRITE_TRACEPARENT](): string {
    this.#ensureId();
    return traceparentOf(this.localTrace, this.#high, this.#low, this.traceFlags);
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

  #ensureId(): void {
    if ((this.#high | this.#low) !== 0) return;
    const given = this.#newSpanId?.();
    this.#high = given === undefined ? randomWord() : wordOfHex(given, 0);
    this.#low = given === undefined ? randomWord() : wordOfHex(given, 8);
    if ((this.#high | this.#low) === 0) this.#low = 1;
  }
}
