import { type Attributes, type Context, type Span, trace } from '@opentelemetry/api';
import { abortReason, isCancellation } from '../cancellation.ts';
import { guard } from '../kit/failures.ts';
import { observePromise } from '../kit/observe-promise.ts';
import { monotonicNow } from '../kit/originals.ts';
import { privateField } from '../kit/private-field.ts';
import { currentContext, Operation } from '../operation.ts';
import { errorType } from '../record-error.ts';
import { ATTR } from '../semconv.ts';
import type { ClientOperation } from './client-operation.ts';

/**
 * Why a call ended without a result and without an error: its caller cancelled it, its consumer left the stream, or the
 * application released the stream or promise without using it.
 */
export type IncompleteReason = 'cancelled' | 'abandoned' | 'released';

/** The end of a call, for metrics. */
export interface CallOutcome {
  readonly durationMs: number;
  /** `error.type` of a failed call. */
  readonly errorType: string | undefined;
  /** The time to the first chunk of a stream. */
  readonly firstChunkMs: number | undefined;
  readonly context: Context;
}

/** One call of an SDK, as a plugin describes it. */
export interface CallParts {
  readonly operation: ClientOperation;
  /** The attributes of this call, in addition to those of the operation. */
  readonly attributes?: Attributes | undefined;
  /** The signal that the caller passed: an abort without an error as its reason is a cancellation. */
  readonly signal?: AbortSignal | null | undefined;
  /** Whether the caller has aborted the call, where its signal is not known. */
  readonly isAborted?: (() => boolean) | undefined;
  /** Whether an error means that the caller cancelled the call, if the SDK has an error class of its own for this. */
  readonly isCancelled?: ((error: unknown) => boolean) | undefined;
  /** Returns what is recorded of an error, if its message may contain secrets. */
  readonly recordedError?: ((error: unknown) => unknown) | undefined;
  /** Called once at the end, also for calls that are not sampled: records metrics. */
  readonly measure?: ((outcome: CallOutcome) => void) | undefined;
}

/** The calls that are recorded, by their spans: see {@link callOf}. */
const calls = privateField<ClientCall>();

/** Ends a call whose stream or promise the application has released. The registry does not keep the process alive. */
const released = new FinalizationRegistry<ClientCall>((call) => call.leave('released'));

/** The traced call of an SDK: it ends with its promise, or with the stream that the promise delivers. */
export class ClientCall extends Operation {
  readonly #parts: CallParts;
  readonly #startMs = monotonicNow();
  #errorType: string | undefined;
  #firstChunkMs: number | undefined;
  #retries = 0;
  #isStreaming = false;
  #failure: unknown;
  #incompleteReason: IncompleteReason | undefined;
  #outer: ClientCall | undefined;
  #onEnd: (() => void) | undefined;

  constructor(parts: CallParts, span: Span, current: Context, caller: Context) {
    super(span, current, caller);
    this.#parts = parts;
    if (span.isRecording()) calls.add(span, this);
  }

  /** Whether the end of the call must be observed, because the call is recorded or measured. */
  get observed(): boolean {
    return !this.ended && (this.#parts.measure !== undefined || this.span.isRecording());
  }

  /** Whether the call ends with a stream. */
  get isStreaming(): boolean {
    return this.#isStreaming;
  }

  /** Whether the caller has aborted the call. */
  get isAborted(): boolean {
    const { signal, isAborted } = this.#parts;
    return (
      signal?.aborted === true || (isAborted !== undefined && guard('an aborted call', isAborted) === true)
    );
  }

  /** Notes that the SDK sends the request again. Each attempt is the HTTP span of a request below the call. */
  retry(): void {
    this.#retries++;
    if (this.recording) this.span.addEvent('retry', { [ATTR.clientRetry]: this.#retries });
  }

  /** Notes the first chunk of a stream; later calls do nothing. */
  firstChunk(): void {
    if (this.ended || this.#firstChunkMs !== undefined) return;
    this.#firstChunkMs = monotonicNow() - this.#startMs;
    if (!this.recording) return;
    const { firstChunkAttribute } = this.#parts.operation;
    if (firstChunkAttribute === undefined) this.span.addEvent('first chunk');
    else this.span.setAttribute(firstChunkAttribute, this.#firstChunkMs / 1000);
  }

  /** Records the first error. A cancellation by the caller is not an error. */
  override fail(error: unknown): void {
    if (this.ended || this.#errorType !== undefined) return;
    const cause = this.#parts.signal?.aborted === true ? this.#parts.signal.reason : error;
    if (this.#isCancelled(error, cause)) {
      this.#incomplete('cancelled');
      return;
    }
    const reason = abortReason(cause);
    this.#errorType = errorType(reason);
    this.#failure = error;
    const { recordedError } = this.#parts;
    super.fail(recordedError === undefined ? reason : guard('reading an error', () => recordedError(reason)));
  }

  /** Ends the call without a result and without an error. An SDK leaves a stream that its caller aborts. */
  leave(reason: IncompleteReason): void {
    if (this.ended) return;
    this.#incomplete(reason === 'abandoned' && this.isAborted ? 'cancelled' : reason);
    this.end();
  }

  /**
   * Ends the call when the promise settles; for a value that is not a promise, at once. `deliver` describes the result
   * before the end. If it passes the result to `client.traceStream`, the call ends with the stream. Return the result of
   * this method to the application.
   */
  override settle<T>(value: T, deliver?: (result: Awaited<T>) => void): T {
    if (!this.observed) return value;
    const fulfilled = (result: unknown) => {
      if (deliver !== undefined) guard('describing a result', () => deliver(result as Awaited<T>));
      if (!this.#isStreaming) this.end();
    };
    const rejected = (error: unknown) => {
      this.fail(error);
      this.end();
    };
    return observePromise(value, fulfilled, rejected);
  }

  /** From now on the call ends with a stream. `onEnd` is called once, at the end of the call and before its span ends. */
  startStream(onEnd: () => void): void {
    this.#isStreaming = true;
    this.#onEnd = onEnd;
  }

  /**
   * From now on `outer` ends with this call if the stream of this call breaks or is left: the SDK may not report the end of
   * the outer call then. A stream that is complete does not end it.
   */
  breaks(outer: ClientCall): void {
    this.#outer = outer;
  }

  /**
   * Ends the call when the object is garbage, if nothing else has: for a promise or stream that the application may
   * never use. Replaces the object of an earlier call.
   */
  endWithout(object: object | undefined): void {
    released.unregister(this);
    if (object !== undefined && this.observed) released.register(object, this, this);
  }

  override end(attributes?: Attributes, endTimeMs?: number): void {
    if (this.ended) return;
    const onEnd = this.#onEnd;
    this.#onEnd = undefined;
    // A failure that a complete stream reports is not that of the outer call.
    const outer = this.#isBroken ? this.#outer : undefined;
    if (onEnd !== undefined) guard('the end of a stream', onEnd);
    released.unregister(this);
    const { measure } = this.#parts;
    if (measure !== undefined) guard('recording a metric', () => measure(this.#outcome()));
    super.end(attributes, endTimeMs);
    if (outer === undefined) return;
    if (this.#incompleteReason !== undefined) outer.leave(this.#incompleteReason);
    else outer.fail(this.#failure);
    outer.end();
  }

  get #isBroken(): boolean {
    return this.#isStreaming && (this.#errorType !== undefined || this.#incompleteReason !== undefined);
  }

  #incomplete(reason: IncompleteReason): void {
    this.#incompleteReason = reason;
    if (this.recording) this.span.setAttribute(ATTR.clientIncomplete, reason);
  }

  #outcome(): CallOutcome {
    return {
      durationMs: monotonicNow() - this.#startMs,
      errorType: this.#errorType,
      firstChunkMs: this.#firstChunkMs,
      context: this.context,
    };
  }

  /** An abort may have any value as its reason. */
  #isCancelled(error: unknown, cause: unknown): boolean {
    const { signal, isCancelled } = this.#parts;
    if (signal?.aborted === true) return typeof cause !== 'object' || cause === null || isCancellation(cause);
    return isCancellation(error) || guard('reading an error', () => isCancelled?.(error)) === true;
  }
}

/** Returns the recorded call whose span is current: for a function that the SDK calls inside of a call, such as a retry. */
export function callOf(current: Context = currentContext()): ClientCall | undefined {
  const span = trace.getSpan(current);
  return span === undefined ? undefined : calls.get(span);
}
